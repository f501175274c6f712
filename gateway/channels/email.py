"""E-mail to lists of a city's own: one mail for each version, one thread for each alert."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from gateway.alert import Version
from gateway.channel import Abilities, History, Out, Outcome, Payload
from gateway.channels import MAILED, ChannelSettings, TargetSettings, addressed, withdrawal
from gateway.fault import BadInput
from gateway.formats import mail

MOST_RECIPIENTS = 200
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class Mails(Struct, frozen=True):
    """Lists of recipients, each behind a mail server; their addresses stand on the envelope alone."""

    name: str
    settings: ChannelSettings
    recipients: Mapping[str, Sequence[str]]

    @property
    def abilities(self) -> Abilities:
        """Readers see every version in order; what expired says so itself."""
        return self.settings.abilities(History.CHAIN, clears=False)

    @property
    def targets(self) -> tuple[str, ...]:
        """The configured lists."""
        return tuple(self.settings.targets)

    def render(self, version: Version) -> Sequence[Payload]:
        """Return the same mail for every list meant, and one that takes it back for those no longer meant."""
        meant = addressed(self, version.targets, version)
        dropped = addressed(self, version.withdrawn, version)
        return [*self._payloads(meant, version), *self._payloads(dropped, withdrawal(version))]

    async def send(self, payload: Payload, delivery: str, out: Out) -> Outcome:
        """Hand the frozen mail to the list's server once; its Message-ID tells readers of a repeat."""
        del delivery
        target = self.settings.targets[payload.target]
        user, sender = target.settings.get("user"), str(self.settings.settings["sender"])
        login = (str(user), target.secret.reveal()) if user and target.secret else None
        return await out.mail(target.url, payload.body, sender, self.recipients[payload.target], login=login)

    def _payloads(self, targets: Sequence[str], version: Version) -> list[Payload]:
        if not targets:
            return []
        body = mail.write(structs.replace(version, sender=str(self.settings.settings["sender"])), self.settings.backdrop)
        return [Payload(channel=self.name, target=target, body=body, media_type=mail.MEDIA_TYPE) for target in targets]


def channel(name: str, settings: ChannelSettings) -> Mails:
    """Return a channel to mail lists; raises BadInput("mail-sender", "mail-recipients", "url-*")."""
    if not _ADDRESS.fullmatch(str(settings.settings.get("sender", ""))):
        hint = 'add settings = { sender = "alerts@city.example" } to the channel'
        raise BadInput("mail-sender", "from which address?", hint=hint)
    return Mails(name, settings.over(MAILED), {target: _recipients(target, to) for target, to in settings.targets.items()})


def _recipients(target: str, to: TargetSettings) -> Sequence[str]:
    given = to.settings.get("to")
    if not isinstance(given, list) or not 0 < len(given) <= MOST_RECIPIENTS:
        hint = f'add settings = {{ to = ["press@city.example"] }}, at most {MOST_RECIPIENTS} of them'
        raise BadInput("mail-recipients", f"who is on the list {target!r}?", hint=hint)
    if wrong := [one for one in given if not isinstance(one, str) or not _ADDRESS.fullmatch(one)]:
        raise BadInput("mail-recipients", f"{wrong[0]!r} on the list {target!r} is no address", hint="such as press@city.example")
    return tuple(given)
