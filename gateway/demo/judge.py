"""Holding the gateway to a literal story: what was drafted, who approved, which bytes arrived, what the feeds say."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from standardwebhooks import Webhook

from gateway.alert import digest
from gateway.demo.receivers import Arrived
from gateway.demo.stage import Stage
from gateway.doors import json as door
from gateway.doors import xml
from gateway.formats import cap, gtfs_realtime

PEERS = {"broadcaster": "cap", "city-app": "webhook"}
ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
QUIET_S = 0.5
TOLD = ("headline", "description", "instruction")


class Expected(NamedTuple):
    """One arrival: what it says it is, what it is about, and its gravity, urgency and actions."""

    kind: str
    about: str
    says: tuple[str, str, str] = ("", "", "")


class Judge:
    """Keeps every difference between what should be and what is."""

    def __init__(self, stage: Stage) -> None:
        """Watch a stage."""
        self.faults: list[str] = []
        self._stage = stage
        self._webhook = Webhook(stage.secret)
        self._promised: dict[tuple[str, str], str] = {}

    def equal(self, what: str, got: object, want: object) -> None:
        """Note a difference."""
        if got != want:
            self.faults.append(f"{what}: {got!r}, not {want!r}")
            self._stage.tell("wrong", {"text": f"WRONG: {what}: {got!r}, not {want!r}"})

    async def drafted(self, alert: str, number: int) -> dict[str, Any]:
        """Wait for a draft and tell its texts."""
        found: dict[str, Any] = {}

        async def there() -> bool:
            answer = await self._stage.kim.get(f"/v1/alerts/{alert}")
            found.update(answer.document if answer.status == 200 else {})
            return found.get("version") == number and found.get("stage") == "draft"

        await self._stage.until(f"draft {number} of {alert}", there)
        texts = {text["language"]: [text[field] for field in TOLD] for text in found["texts"]}
        self._stage.tell("draft", {"text": f"A draft of {alert} version {number} appears.", "alert": alert, "texts": texts})
        return found

    async def two_people(self, draft: Mapping[str, Any], kind: str) -> None:
        """Let Kim submit and try to approve alone, then let Lee approve exactly what stands there."""
        alert, number = draft["id"], draft["version"]
        kim, lee, path = self._stage.kim, self._stage.lee, f"/v1/alerts/{draft['id']}"
        self.equal("the draft's kind", draft["kind"], kind)
        submitted = await kim.post(f"{path}/submit", {"revision": draft["revision"]})
        self.equal("submitting", (submitted.status, submitted.document.get("stage")), (200, "submitted"))
        seen = (await lee.get(path)).document
        await self._remember(alert, number)
        word = {"version": number, "hash": seen.get("hash")}
        alone = await kim.post(f"{path}/approve", word)
        self.equal("approving one's own", (alone.status, _code(alone.document)), (403, "two-people"))
        approved = await lee.post(f"{path}/approve", word)
        self.equal("approving", (approved.status, approved.document.get("stage")), (200, "ended" if kind == "end" else "issued"))
        hash = str(seen["hash"])
        text = f"Kim submits version {number} and may not approve it alone; Lee approves what she sees, {hash[:12]}."
        self._stage.tell("approved", {"text": text, "alert": alert, "version": number, "hash": hash})

    async def told(self, number: int) -> None:
        """Wait until every peer has had that many messages, and tell what came last."""
        for name in PEERS:
            receiver = self._stage.receivers[name]

            async def came(arrivals: list[Arrived] = receiver.arrivals) -> bool:
                return len(arrivals) >= number

            try:
                await self._stage.until(f"message {number} at {name}", came)
            except TimeoutError as late:
                self.faults.append(str(late))
                continue
            last = receiver.arrivals[number - 1]
            kind, about, _ = READ[name](last)
            text = f"{name} got {kind} {about}, {len(last.body)} bytes."
            said = {"headlines": HEADLINES[name](last), "body": last.body.decode()}
            self._stage.tell("arrived", {"text": text, "receiver": name, "about": about, **said})

    async def arrivals(self, expected: Mapping[str, Sequence[Expected]]) -> None:
        """Compare every raw arrival with the table, byte by byte with what was approved and with what the feed serves."""
        await asyncio.sleep(QUIET_S)
        for name, rows in expected.items():
            got = [READ[name](arrival) for arrival in self._stage.receivers[name].arrivals]
            self.equal(f"what {name} got", got, list(rows))
        for name, channel in PEERS.items():
            for arrival in self._stage.receivers[name].arrivals:
                self._approved(name, channel, arrival)
        for arrival in self._stage.receivers["broadcaster"].arrivals:
            about = _cap(arrival).about
            served = await self._stage.kim.get(f"/feeds/cap/{about}.xml")
            self.equal(f"the feed's document {about}", served.body == arrival.body, True)
        for name in ("city-app", "duty"):
            for arrival in self._stage.receivers[name].arrivals:
                self.equal(f"the signature at {name}", self._signed(arrival), True)

    async def feeds(
        self, *, live: Sequence[str], listed: Sequence[str], stops: Sequence[str] = (), routes: Sequence[str] = ()
    ) -> None:
        """Compare both feeds: live alerts with exactly these stops and routes, and the CAP documents listed."""
        transit = await self._stage.kim.get("/feeds/gtfs-realtime/alerts.pb")
        entities = gtfs_realtime.read(transit.body).entity
        chosen = [selector for entity in entities for selector in entity.alert.informed_entity]
        self.equal("the alerts in GTFS-realtime", [entity.id for entity in entities], list(live))
        self.equal("its stops", sorted(one.stop_id for one in chosen if one.stop_id), list(stops))
        self.equal("its routes", sorted(one.route_id for one in chosen if one.route_id), list(routes))
        index = xml.parse((await self._stage.kim.get("/feeds/cap.atom")).body)
        links = [link.get("href") or "" for link in index.iter(ATOM_LINK) if link.get("type") == cap.MEDIA_TYPE]
        self.equal("the CAP index", sorted(link.rpartition("/")[2].removesuffix(".xml") for link in links), list(listed))
        text = f"GTFS-realtime shows {len(entities)} live alerts, the CAP index {len(links)} documents."
        self._stage.tell("feeds", {"text": text, "stops": list(stops), "routes": list(routes)})

    async def _remember(self, alert: str, number: int) -> None:
        seen = (await self._stage.lee.get(f"/v1/alerts/{alert}/payloads")).document["payloads"]
        for payload in seen if isinstance(seen, list) else []:
            if payload["part"] == "message":
                self._promised[payload["channel"], f"{alert}.{number}"] = payload["sha256"]

    def _approved(self, name: str, channel: str, arrival: Arrived) -> None:
        about = READ[name](arrival).about
        promised = self._promised.get((channel, about))
        if promised is not None:
            self.equal(f"the bytes of {about} at {name}", digest(_unstamped(arrival.body)), promised)

    def _signed(self, arrival: Arrived) -> bool:
        headers = {name.lower(): value for name, value in arrival.headers.items()}
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        return bool(self._webhook.sign(headers["webhook-id"], at, arrival.body.decode()) == headers["webhook-signature"])


def _unstamped(body: bytes) -> bytes:
    return re.sub(rb"<sent>[^<]*</sent>", f"<sent>{cap.SENT_PLACEHOLDER}</sent>".encode(), body, count=1)


def _cap(arrival: Arrived) -> Expected:
    message = cap.read(arrival.body)
    info = message.infos[0]
    return Expected(message.msg_type, message.identifier, (info.severity, info.urgency, " ".join(info.responses)))


def _app(arrival: Arrived) -> Expected:
    body = _object(arrival)
    says = (str(body["severity"]), str(body["urgency"]), " ".join(body["responses"]))
    return Expected(str(body["kind"]), str(body["identifier"]), says)


def _page(arrival: Arrived) -> Expected:
    body = _object(arrival)
    return Expected(str(body["code"]), str(body["subject"]))


def _object(arrival: Arrived) -> dict[str, Any]:
    read = door.load(arrival.body)
    return read if isinstance(read, dict) else {}


def _code(document: Mapping[str, object]) -> object:
    error = document.get("error")
    return error.get("code") if isinstance(error, dict) else None


def _cap_headlines(arrival: Arrived) -> Mapping[str, str]:
    return {info.language or "": info.headline or "" for info in cap.read(arrival.body).infos}


def _app_headlines(arrival: Arrived) -> Mapping[str, str]:
    return {language: str(text["headline"]) for language, text in _object(arrival)["texts"].items()}


HEADLINES: Mapping[str, Callable[[Arrived], Mapping[str, str]]] = {"broadcaster": _cap_headlines, "city-app": _app_headlines}
READ: Mapping[str, Callable[[Arrived], Expected]] = {"broadcaster": _cap, "city-app": _app, "duty": _page}
