"""A mail server on this machine that keeps every mail as it came."""

import asyncio
import time
from collections.abc import Callable
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway.demo.receivers import Arrived

TAKEN = 250


class Mailbox:
    """One SMTP server on loopback; the mails stand in `arrivals`, in order, byte for byte, each with its envelope as headers."""

    def __init__(self) -> None:
        """Lose nothing (`loses`) unless told otherwise."""
        self.loses: Callable[[Arrived], bool] = lambda _: False
        self.arrivals: list[Arrived] = []
        self.port = 0
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where to send mails."""
        return f"smtp://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        """Start listening."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, hostname="mail.hanbat.example"), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's own name
        """Keep one mail."""
        body = envelope.original_content or b""
        headers = {"from": envelope.mail_from or "", "to": ", ".join(envelope.rcpt_tos)}
        one = Arrived(order=len(self.arrivals) + 1, at=time.monotonic(), path="", headers=headers, body=body, answered=TAKEN)
        if not self.loses(one):
            self.arrivals.append(one)
        return f"{TAKEN} kept"
