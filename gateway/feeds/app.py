"""Every live alert as JSON for apps, each entry as `schemas/alert.schema.json` describes it; apps filter by place themselves."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta

from gateway.alert import Version, whole
from gateway.channel import Publication, Published
from gateway.feeds import FeedSettings, narrowing
from gateway.feeds.narrowing import Part, Parts
from gateway.formats import app
from gateway.incident import Scope, Status

MEDIA_TYPE = "application/json"


class AppAlerts:
    """The feed at /feeds/app.json, of its own world only; what is over is absent."""

    name = "app"
    media_type = MEDIA_TYPE
    keeps = timedelta(0)

    def __init__(self, settings: FeedSettings, part: Part | None = None, parts: Parts | None = None) -> None:
        """Take the world from the city's settings; `part` is all of the feed that this one tells, as `parts` know it."""
        self.path = "/feeds/app.json"
        if part is not None and part.query:
            self.path += f"?{part.query}"
        self._settings = settings
        self._part = part
        self._parts = parts or Parts()

    def narrowed(self, asked: Mapping[str, str]) -> "AppAlerts":
        """Return the alerts of a `zone`, in one `lang`; raises BadInput parameter-zone, parameter-lang."""
        return AppAlerts(self._settings, narrowing.part(asked, self._settings), self._parts)

    def render(self, version: Version) -> bytes | None:
        """Return the entry of a public version of this world, None of any other."""
        return app.write(version) if shown(version, self._settings.mode) else None

    def join(self, publication: Publication, rows: Sequence[Published], base_url: str) -> bytes:  # noqa: ARG002 - no links
        """Return the whole feed: when it was published, its world, and the alerts that are live by then."""
        told = [row for row in rows if row.live(publication.at)]
        live = b",\n".join(self._parts.of(self._part, told) if self._part is not None else (row.body for row in told))
        status = self._settings.mode
        head = json.dumps({"schema": "1", "updated": whole(publication.at).astimezone(UTC).isoformat(), "status": status})
        return head[:-1].encode() + b', "alerts": [\n' + live + b"\n]}\n"


def feed(settings: FeedSettings) -> AppAlerts:
    """Return this feed as a city has set it."""
    return AppAlerts(settings)


def shown(version: Version, mode: Status) -> bool:
    """Tell whether a version is the public's to see in a deployment of this world: a live one shows no drill."""
    return version.scope is Scope.PUBLIC and (version.status is Status.ACTUAL) is (mode is Status.ACTUAL)
