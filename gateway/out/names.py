"""Looking names up, where one that hangs holds up nobody but those who ask for it."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType

MOST_AT_ONCE = 64

Asked = tuple[str, int, int]


class Names(AbstractResolver):
    """Looks each name up once at a time, in threads that do nothing else.

    A name whose servers are silent holds its thread for as long as the system is patient, which no deadline of ours cuts short;
    so whoever asks for it meanwhile waits for that same answer.
    """

    def __init__(self) -> None:
        """Begin with nothing asked."""
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="names")
        self._asked: dict[Asked, asyncio.Future[Sequence[AddrInfoType]]] = {}

    async def addresses(self, host: str, port: int, family: int = socket.AF_UNSPEC) -> Sequence[AddrInfoType]:
        """Return the addresses of a name as the system orders them; raises OSError where it has none."""
        asked = (host, port, family)
        if asked not in self._asked:
            look = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            self._asked[asked] = asyncio.get_running_loop().run_in_executor(self._threads, look)
            self._asked[asked].add_done_callback(partial(self._answered, asked))
        return await asyncio.shield(self._asked[asked])

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Return the addresses of a name as aiohttp wants them; raises OSError where it has none."""
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=protocol, flags=socket.AI_NUMERICHOST
            )
            for kind, _, protocol, _, address in await self.addresses(host, port, family)
        ]

    async def close(self) -> None:
        """Wait for no answer any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _answered(self, asked: Asked, answer: "asyncio.Future[Sequence[AddrInfoType]]") -> None:
        del self._asked[asked]
        if not answer.cancelled():
            # Whoever asked may have gone; an error that nobody hears is no error of this process.
            answer.exception()
