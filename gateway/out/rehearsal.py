"""The door that stays shut: everything is done except the sending."""

from collections.abc import Mapping

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
