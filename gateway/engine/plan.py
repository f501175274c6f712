"""What the city decided and set up, as the engine consults it."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.access import Grant
from gateway.channel import Channel, Feed
from gateway.drafting import Desk
from gateway.fault import BadInput
from gateway.incident import Status
from gateway.playbook import Playbook
from gateway.source import Source


class Intake(Struct, frozen=True, kw_only=True):
    """One configured source: what reads its bytes, the status of incidents that name none (None: refused), what it may report."""

    source: Source
    settings: Mapping[str, object]
    default_status: Status | None = None
    grant: Grant | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """Everything the engine needs to know; `code` is the city's, `status` the deployment's world, `partners` send CAP."""

    code: str
    status: Status
    desk: Desk
    playbooks: Mapping[str, Playbook]
    channels: Mapping[str, Channel]
    feeds: Sequence[Feed]
    intakes: Mapping[str, Intake]
    partners: Mapping[str, Grant] = {}

    def playbook_for(self, hazard: str, source: str, incident: str) -> Playbook:
        """Return the plan for an incident: the watch's own, else the hazard's; raises BadInput("playbook-missing")."""
        for playbook in self.playbooks.values():
            if playbook.watch and (playbook.watch.source, playbook.watch.incident) == (source, incident):
                return playbook
        for playbook in self.playbooks.values():
            if playbook.hazard == hazard and playbook.watch is None:
                return playbook
        return self._only_one(hazard)

    def _only_one(self, hazard: str) -> Playbook:
        watching = [playbook for playbook in self.playbooks.values() if playbook.hazard == hazard]
        if len(watching) != 1:
            raise BadInput("playbook-missing", f"no playbook says what to do about {hazard!r}", hint="add one to playbooks/")
        return watching[0]

    def watching(self, source: str) -> Sequence[Playbook]:
        """Return the playbooks that watch sensors of a source."""
        return [playbook for playbook in self.playbooks.values() if playbook.watch and playbook.watch.source == source]
