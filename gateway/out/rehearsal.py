"""The door that stays shut: everything is done except the sending."""

from collections.abc import Mapping, Sequence

from gateway.alert import digest
from gateway.channel import Outcome, Verdict
from gateway.out.redaction import origin


class Rehearsal:
    """An Out that sends nothing and says so."""

    async def post(self, url: str, body: bytes, *, media_type: str, headers: Mapping[str, str] | None = None) -> Outcome:
        """Answer SIMULATED with the digest of the bytes that would have gone."""
        del headers
        evidence = {"to": origin(url), "sha256": digest(body), "bytes": str(len(body)), "media_type": media_type}
        return Outcome(verdict=Verdict.SIMULATED, note="rehearsal: nothing was sent", evidence=evidence)

    async def mail(
        self, url: str, message: bytes, sender: str, recipients: Sequence[str], *, login: tuple[str, str] | None = None
    ) -> Outcome:
        """Answer SIMULATED with the digest of the mail that would have gone."""
        del sender, login
        evidence = {"to": origin(url), "sha256": digest(message), "recipients": str(len(recipients))}
        return Outcome(verdict=Verdict.SIMULATED, note="rehearsal: nothing was sent", evidence=evidence)
