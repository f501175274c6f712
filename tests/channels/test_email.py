"""Mail as its reader gets it: through a real SMTP server, taken apart by the standard library and by an outside CAP judge."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import msgspec
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from lxml import etree

from gateway.alert import Reference, Target, Version
from gateway.channel import Outcome, Payload, Verdict
from gateway.channels import ChannelSettings, Mode, TargetSettings
from gateway.channels.email import channel
from gateway.drafting import stamp
from gateway.fault import BadInput
from gateway.formats import cap
from gateway.formats.svg import Backdrop, Label
from gateway.incident import Status
from gateway.out import HttpOut, Peer, Peers

AT = datetime(2026, 7, 14, 9, 21, tzinfo=UTC)
TO = ["press@hanbat.example", "ward@hanbat.example"]


class Server:
    """A mail server that keeps what it gets; `answers` by recipient, `data` what it says to the mail itself."""

    def __init__(self) -> None:
        """Take everything."""
        self.got: list[Envelope] = []
        self.answers: dict[str, str] = {}
        self.data = "250 kept"
        self.hangs = False
        self.stays = False
        self.most = len(TO)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's own name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        """Answer for one recipient."""
        if len(envelope.rcpt_tos) == self.most:
            return "452 too many recipients"
        if address not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get(address, "250 ok")

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's own name
        """Answer for the mail itself."""
        if self.hangs:
            await asyncio.sleep(5)
        self.got.append(envelope)
        return self.data

    async def handle_QUIT(self, _: SMTP, __: Session, ___: Envelope) -> str:  # noqa: N802 - aiosmtpd's own name
        """Let the client leave, or never answer it."""
        if self.stays:
            await asyncio.sleep(30)
        return "221 bye"


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[str]:
    """Run a server on loopback and yield its URL."""
    listening = await asyncio.get_running_loop().create_server(lambda: SMTP(server, hostname="mail.example"), "127.0.0.1", 0)
    async with listening:
        yield f"smtp://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


def settings(url: str = "smtp://127.0.0.1:25", own: dict[str, object] | None = None, to: object = TO) -> ChannelSettings:
    target = TargetSettings(url=url, private=True, settings={"to": to})
    return ChannelSettings(
        targets={"first": target, "second": target},
        accepts=frozenset({Status.EXERCISE}),
        mode=Mode.EXERCISE,
        now=lambda: datetime.now(UTC),
        settings={"sender": "alerts@hanbat.example"} if own is None else own,
    )


def rendered(version: Version) -> Payload:
    return channel("out", settings()).render(version)[0]


def read(body: bytes) -> EmailMessage:
    return message_from_bytes(body, policy=policy.default)


async def sent(version: Version, server: Server, deadline_s: float = 5.0) -> tuple[Verdict, str]:
    """Send the stamped mail to a server and return what came of it."""
    outcome = await outcome_of(version, server, deadline_s)
    return outcome.verdict, outcome.note


async def outcome_of(version: Version, server: Server, deadline_s: float = 5.0) -> Outcome:
    """Send the stamped mail to a server and return all that is known of the try."""
    async with serving(server) as url, HttpOut(Peers([Peer(url=url, private=True)]), deadline_s=deadline_s) as out:
        return await channel("out", settings(url)).send(stamp(rendered(version), AT), "key", out)


async def test_readers_get_every_language_the_map_and_both_documents(version: Version) -> None:
    server = Server()

    assert await sent(version, server) == (Verdict.ACCEPTED, "SMTP 250")

    [envelope] = server.got
    assert (envelope.mail_from, envelope.rcpt_tos) == ("alerts@hanbat.example", TO)
    mail = read(cast("bytes", envelope.content))
    assert (mail["Subject"], mail["To"]) == ("[훈련] 갑천 돌발홍수", "undisclosed-recipients:;")
    assert mail["From"].addresses[0].addr_spec == "alerts@hanbat.example"
    assert (mail["Message-ID"], mail["In-Reply-To"]) == ("<hanbat-1.2@hanbat.example>", "<hanbat-1.1@hanbat.example>")
    assert not any(name in cast("bytes", envelope.content) for name in (b"press@", b"ward@"))
    plain, html = (cast("EmailMessage", mail.get_body([kind])).get_content() for kind in ("plain", "html"))
    for words in ("물이 불어납니다", "The water is rising", "Go to high ground"):
        assert words in plain
        assert words in html
    assert {part.get_content_type() for part in mail.iter_attachments()} >= {"application/cap+xml", "application/geo+json"}
    picture = next(part for part in mail.walk() if part.get_content_type() == "image/svg+xml")
    assert etree.fromstring(cast("bytes", picture.get_payload(decode=True))).tag == "{http://www.w3.org/2000/svg}svg"
    assert f"cid:{picture['Content-ID'].strip('<>')}" in html


def test_the_map_shows_the_city_around(version: Version) -> None:
    (place, *_) = version.places
    west, south = place.polygons[0].coordinates[0][0]
    river = ((west - 0.001, south), (west + 0.001, south), (west, south + 0.01), (west - 0.001, south))
    backdrop = Backdrop(zones=(), water=(river,), labels=(Label("갑천", (west, south)),))
    told = channel("out", msgspec.structs.replace(settings(), backdrop=backdrop)).render(version)[0]
    picture = next(part for part in read(stamp(told, AT).body).walk() if part.get_content_type() == "image/svg+xml")
    drawn = etree.fromstring(cast("bytes", picture.get_payload(decode=True)))
    assert "갑천" in "".join(str(words) for words in drawn.itertext())
    assert [path.get("fill") for path in drawn if path.get("fill") == "#bcd7ee"]


async def test_the_cap_document_in_it_is_the_one_that_is_issued(version: Version) -> None:
    mail = read(stamp(rendered(version), AT).body)
    [document] = [part for part in mail.walk() if part.get_content_type() == "application/cap+xml"]

    assert document.get_payload(decode=True) == cap.stamp(cap.write(version), AT)
    assert document.get_filename() == "hanbat-1.2.cap.xml"
    [areas] = [part for part in mail.walk() if part.get_content_type() == "application/geo+json"]
    assert json.loads(cast("bytes", areas.get_payload(decode=True)))["features"][0]["geometry"]["type"] == "MultiPolygon"


def test_a_subject_keeps_every_space_and_every_line_its_length(version: Version) -> None:
    headline = "[훈련] [한밭시 재난안전상황실] 즉시 높은 곳으로 대피하십시오. 한내 둔치 돌발홍수. 21:11까지 유효합니다."
    texts = (msgspec.structs.replace(version.texts[0], headline=headline), *version.texts[1:])
    body = rendered(msgspec.structs.replace(version, texts=texts)).body

    assert read(body)["Subject"] == headline
    assert all(len(line) <= 78 for line in body.partition(b"\r\n\r\n")[0].split(b"\r\n"))


def test_the_stamp_changes_nothing_but_the_time_in_the_document(version: Version) -> None:
    references = tuple(
        Reference(sender="x", identifier=f"hanbat-2026-0000{n}.1", sent="2026-07-14T18:21:00+09:00") for n in range(3)
    )
    waiting = rendered(msgspec.structs.replace(version, references=references))
    before, after = waiting.body.split(b"\r\n"), stamp(waiting, AT).body.split(b"\r\n")

    changed = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    assert 1 <= len(changed) <= 2
    assert all(b" " not in one + other for one, other in changed), "lines of base64 alone"


def test_same_version_same_bytes(version: Version) -> None:
    assert rendered(version).body == rendered(version).body
    assert stamp(rendered(version), AT).body == stamp(rendered(version), AT).body


def test_a_list_that_is_no_longer_meant_is_told_so(version: Version) -> None:
    dropped = msgspec.structs.replace(version, targets=(Target("out", "first"),), withdrawn=(Target("out", "second"),))
    told = {one.target: read(one.body) for one in channel("out", settings()).render(dropped)}

    assert told["second"]["Message-ID"] == "<hanbat-1.2.w@hanbat.example>"
    assert "높은 곳" not in told["second"].as_string()


@pytest.mark.parametrize(
    ("answers", "data", "verdict"),
    [
        ({"press@hanbat.example": "550 nobody"}, "250 kept", Verdict.PARTLY),
        ({"press@hanbat.example": "550 nobody", "ward@hanbat.example": "550 nobody"}, "250 kept", Verdict.REFUSED),
        ({"press@hanbat.example": "550 nobody", "ward@hanbat.example": "450 later"}, "250 kept", Verdict.UNREACHABLE),
        ({"press@hanbat.example": "what?"}, "250 kept", Verdict.UNREACHABLE),
        ({"press@hanbat.example": "421 closing"}, "250 kept", Verdict.UNREACHABLE),
        ({}, "554 no", Verdict.REFUSED),
        ({}, "451 later", Verdict.UNREACHABLE),
        ({}, "what?", Verdict.AMBIGUOUS),
        ({}, "354 go on", Verdict.AMBIGUOUS),
        ({}, f"250 {'x' * 9000}", Verdict.AMBIGUOUS),
    ],
)
async def test_what_the_server_says_is_what_we_know(
    version: Version, answers: dict[str, str], data: str, verdict: Verdict
) -> None:
    server = Server()
    server.answers, server.data = answers, data

    assert (await sent(version, server))[0] is verdict


@pytest.mark.parametrize(("answers", "data"), [(dict.fromkeys(TO, "450 greylisted"), "250 kept"), ({}, "451 later")])
async def test_a_server_that_says_later_was_heard(version: Version, answers: dict[str, str], data: str) -> None:
    server = Server()
    server.answers, server.data = answers, data
    outcome = await outcome_of(version, server)
    assert (outcome.verdict, outcome.heard) == (Verdict.UNREACHABLE, True)


async def test_a_server_that_says_nothing_was_not_heard(version: Version) -> None:
    server = Server()
    server.hangs = True
    assert not (await outcome_of(version, server, deadline_s=0.3)).heard


async def test_a_server_that_falls_silent_after_the_mail_leaves_us_in_doubt(version: Version) -> None:
    server = Server()
    server.hangs = True

    assert (await sent(version, server, deadline_s=0.7))[0] is Verdict.AMBIGUOUS


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n", b"250 hello\r\n", b"\r\n"])
async def test_whatever_greets_us_otherwise_took_nothing_and_was_not_heard(version: Version, greeting: bytes) -> None:
    async def greets(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        writer.close()

    async with await asyncio.start_server(greets, "127.0.0.1", 0) as listening:
        url = f"smtp://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        async with HttpOut(Peers([Peer(url=url, private=True)])) as out:
            outcome = await channel("out", settings(url)).send(rendered(version), "key", out)
    assert (outcome.verdict, outcome.heard) == (Verdict.UNREACHABLE, False)


async def test_a_server_that_does_not_let_us_go_took_the_mail(version: Version) -> None:
    server = Server()
    server.stays = True
    assert (await sent(version, server, deadline_s=1.0))[0] is Verdict.ACCEPTED


async def test_a_list_longer_than_a_server_takes_at_once_is_served_in_turns(version: Version) -> None:
    server = Server()
    server.most = 1
    assert (await sent(version, server))[0] is Verdict.ACCEPTED
    assert [envelope.rcpt_tos for envelope in server.got] == [[TO[0]], [TO[1]]]


async def test_a_full_mailbox_holds_up_nobody_else_and_nobody_gets_a_mail_twice(version: Version) -> None:
    server = Server()
    server.answers = {TO[0]: "452 mailbox full"}
    mail, outcomes = stamp(rendered(version), AT), list[Outcome]()
    async with serving(server) as url, HttpOut(Peers([Peer(url=url, private=True)]), patience_s=1.0) as out:
        to = channel("out", settings(url))
        outcomes += [await to.send(mail, "key", out), await to.send(mail, "key", out)]
        await asyncio.sleep(1.0)
        outcomes.append(await to.send(mail, "key", out))
        server.answers.clear()
        outcomes.append(await to.send(mail, "key", out))
    assert [one.verdict for one in outcomes] == [Verdict.AMBIGUOUS, Verdict.AMBIGUOUS, Verdict.PARTLY, Verdict.ACCEPTED]
    assert all(one.heard for one in outcomes)
    assert [envelope.rcpt_tos for envelope in server.got] == [[TO[1]], [TO[0]]]


async def test_a_silent_address_of_a_server_leaves_time_for_its_next(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    with socket.socket() as silent, socket.socket() as filling:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        filling.connect(silent.getsockname())
        async with serving(server) as url:
            found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", int(url.rpartition(":")[2])))]
            found.insert(0, (*found[0][:4], silent.getsockname()))
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
            async with HttpOut(Peers([Peer(url=url, private=True)]), deadline_s=2.0) as out:
                outcome = await channel("out", settings(url)).send(stamp(rendered(version), AT), "key", out)
    assert outcome.verdict is Verdict.ACCEPTED


async def test_a_server_that_is_not_there_is_unreachable(version: Version) -> None:
    url = "smtp://127.0.0.1:1"
    async with HttpOut(Peers([Peer(url=url, private=True)])) as out:
        outcome = await channel("out", settings(url)).send(rendered(version), "key", out)
    assert outcome.verdict is Verdict.UNREACHABLE


async def test_a_name_that_leads_where_it_must_not_is_not_followed(version: Version) -> None:
    url = "smtp://127.0.0.1:1"
    async with HttpOut(Peers([Peer(url=url, private=False)])) as out:
        outcome = await channel("out", settings(url)).send(rendered(version), "key", out)
    assert (outcome.verdict, outcome.evidence["error"]) == (Verdict.UNREACHABLE, "PermissionError")


@pytest.mark.parametrize(
    ("own", "to", "code"),
    [
        ({}, TO, "mail-sender"),
        ({"sender": "nobody"}, TO, "mail-sender"),
        (None, [], "mail-recipients"),
        (None, "press@hanbat.example", "mail-recipients"),
        (None, ["press@hanbat.example\r\nBcc: x@y.example"], "mail-recipients"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(own: dict[str, object] | None, to: object, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        channel("out", settings(own=own, to=to))
    assert caught.value.code == code


@pytest.mark.parametrize("url", ["https://mail.example/", "smtp://mail.example:99999"])
def test_a_list_behind_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        channel("out", settings(url))
    assert caught.value.code.startswith("url-")
