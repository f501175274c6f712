"""Holding the gateway to a literal story: what was drafted, who approved, which bytes arrived, what the feeds say."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from gateway.alert import digest
from gateway.demo.hearing import PEERS, SIGNED, Expected, lines, read, unstamped
from gateway.demo.people import Answer
from gateway.demo.receivers import Arrived
from gateway.demo.stage import Stage
from gateway.doors import xml
from gateway.formats import cap, gtfs_realtime

ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
QUIET_S = 0.5
TOLD = ("headline", "description", "instruction")
CLOSED = {"end": "ended"}


class Judge:
    """Keeps every difference between what should be and what is."""

    def __init__(self, stage: Stage, expected: Mapping[str, Sequence[Expected]]) -> None:
        """Watch a stage; `expected` is what each receiver must get, in order."""
        self.faults: list[str] = []
        self._stage, self._expected = stage, expected
        self._webhook = Webhook(stage.secret)
        self._promised: dict[tuple[str, str], str] = {}

    def equal(self, what: str, got: object, want: object) -> None:
        """Note a difference."""
        if got != want:
            self.faults.append(f"{what}: {got!r}, not {want!r}")
            self._stage.tell("wrong", {"text": f"WRONG: {what}: {got!r}, not {want!r}"})

    def refused(self, what: str, answer: Answer, code: str) -> None:
        """Hold a vendor's answer to a refusal with this reason, and tell it."""
        items = answer.document.get("items")
        told = [one for one in items if not one["accepted"]] if isinstance(items, list) else []
        self.equal(f"{what} is refused", (answer.status, [one["code"] for one in told]), (422, [code]))
        why = "; ".join(one["message"] for one in told)
        self._stage.tell("refused", {"text": f"{what} is refused: {why}. The duty officer is paged.", "answer": answer.document})

    def accepted(self, what: str, answer: Answer) -> None:
        """Hold a vendor's answer to a receipt."""
        self.equal(what, answer.status, 202)

    async def heard(self, want: Sequence[tuple[str, ...]]) -> None:
        """Hold what other agencies say now, as an operator reads it, to literal lines; none of it may be called trusted."""
        told = (await self._stage.kim.get("/v1/cap")).document.get("alerts")
        alerts = told if isinstance(told, list) else []
        got = [(one["partner"], one["trust"], *(info["headline"] for info in one["message"]["infos"])) for one in alerts]
        self.equal("what other agencies say", got, list(want))

    async def drafted(self, alert: str, number: int, *, stage: str = "draft") -> dict[str, Any]:
        """Wait for a draft and tell its texts."""
        found: dict[str, Any] = {}

        async def there() -> bool:
            answer = await self._stage.kim.get(f"/v1/alerts/{alert}")
            found.update(answer.document if answer.status == 200 else {})
            return found.get("version") == number and found.get("stage") == stage

        await self._stage.until(f"{stage} {number} of {alert}", there)
        texts = {text["language"]: [text[field] for field in TOLD] for text in found["texts"]}
        self._stage.tell("draft", {"text": f"Version {number} of {alert} is there: {stage}.", "alert": alert, "texts": texts})
        return found

    async def by_itself(self, alert: str, number: int) -> None:
        """Wait for an alert that goes out without anybody, as the city decided in advance."""
        await self.drafted(alert, number, stage="issued")
        await self._remember(alert, number)

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
        self.equal("approving", (approved.status, approved.document.get("stage")), (200, CLOSED.get(kind, "issued")))
        hash = str(seen["hash"])
        text = f"Kim submits version {number} and may not approve it alone; Lee approves what she sees, {hash[:12]}."
        self._stage.tell("approved", {"text": text, "alert": alert, "version": number, "hash": hash})

    async def cancelled(self, alert: str, number: int, reason: str) -> None:
        """Let Kim alone take an alert back."""
        self._stage.tell("cancel", {"text": f"Kim alone takes {alert} back: {reason}.", "alert": alert})
        cancelled = await self._stage.kim.post(f"/v1/alerts/{alert}/cancel", {"reason": reason})
        self.equal("one person cancels", (cancelled.status, cancelled.document.get("stage")), (200, "cancelled"))
        await self._remember(alert, number)

    async def told(self, about: str) -> None:
        """Wait until everybody who must hear of it has, and tell what came."""
        for name, rows in self._expected.items():
            for number in [place for place, row in enumerate(rows, 1) if name in PEERS and row.about == about]:
                await self._came(name, number)

    async def arrivals(self) -> None:
        """Compare every raw arrival with the table, byte by byte with what was approved and with what the feed serves."""
        await asyncio.sleep(QUIET_S)
        for name, receiver in self._stage.receivers.items():
            got = [read(name, arrival) for arrival in receiver.arrivals]
            self.equal(f"what {name} got", got, list(self._expected.get(name, ())))
            for arrival in receiver.arrivals:
                await self._held(name, arrival)

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

    async def _came(self, name: str, number: int) -> None:
        arrivals = self._stage.receivers[name].arrivals

        async def came() -> bool:
            return len(arrivals) >= number

        try:
            await self._stage.until(f"message {number} at {name}", came)
        except TimeoutError as late:
            self.faults.append(str(late))
            return
        last = arrivals[number - 1]
        kind, about, _ = read(name, last)
        text = f"{name} got {kind} {about}, {len(last.body)} bytes."
        said = {"headlines": lines(name, last), "body": last.body.decode()}
        self._stage.tell("arrived", {"text": text, "receiver": name, "about": about, **said})

    async def _remember(self, alert: str, number: int) -> None:
        seen = (await self._stage.lee.get(f"/v1/alerts/{alert}/payloads")).document["payloads"]
        for payload in seen if isinstance(seen, list) else []:
            if payload["part"] == "message":
                self._promised[payload["channel"], f"{alert}.{number}"] = payload["sha256"]

    async def _held(self, name: str, arrival: Arrived) -> None:
        about = read(name, arrival).about
        if name in PEERS:
            promised = self._promised.get((PEERS[name], about))
            self.equal(f"the bytes of {about} at {name}", digest(unstamped(name, arrival.body)), promised)
        if name == "broadcaster":
            served = await self._stage.kim.get(f"/feeds/cap/{about}.xml")
            self.equal(f"the feed's document {about}", served.body == arrival.body, True)
        if name in SIGNED:
            self.equal(f"the signature at {name}", self._signed(arrival), True)

    def _signed(self, arrival: Arrived) -> bool:
        headers = {name.lower(): value for name, value in arrival.headers.items()}
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        return bool(self._webhook.sign(headers["webhook-id"], at, arrival.body.decode()) == headers["webhook-signature"])


def _code(document: Mapping[str, object]) -> object:
    error = document.get("error")
    return error.get("code") if isinstance(error, dict) else None
