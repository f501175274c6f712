"""`bongsu alert`: the operator's verbs, over the same HTTP interface that everybody uses."""

from pathlib import Path

import click

from gateway.cli.client import call
from gateway.cli.say import as_json, faults_told, line, words
from gateway.doors import json as door
from gateway.fault import BadInput

reason = click.option("--reason", required=True, help="Why; it is kept and shown.")


@click.group()
def alert() -> None:
    """Draft, submit, approve, update, end and cancel alerts (BONGSU_URL, BONGSU_KEY)."""


@alert.command()
@click.argument("incident", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
@faults_told
def new(incident: Path, *, as_json: bool) -> None:
    """Draft an alert by hand from an incident file."""
    _told(call("POST", "/v1/alerts", door.load(incident.read_bytes())), as_json=as_json)


@alert.command(name="list")
@as_json
@faults_told
def list_(*, as_json: bool) -> None:
    """List alerts, newest first."""
    found = call("GET", "/v1/alerts")["alerts"]
    for one in found if isinstance(found, list) else []:
        if as_json:
            line(one)
        else:
            words(f"{one['id']}  v{one['version']}  {one['stage']:<10}  {one['hazard']}")


@alert.command()
@click.argument("id")
@as_json
@faults_told
def show(id: str, *, as_json: bool) -> None:
    """Show one alert with its texts, targets and hash."""
    _told(call("GET", f"/v1/alerts/{id}"), as_json=as_json)


@alert.command()
@click.argument("id")
@click.option("--revision", type=int, help="The revision you read; by default the newest is read first.")
@click.option("--text", "texts", multiple=True, metavar="LANG.FIELD=WORDS", help="New wording of one field.")
@click.option("--area", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file with a list of areas.")
@click.option("--expires", help="When it ends (RFC 3339).")
@click.option("--target", "targets", multiple=True, metavar="CHANNEL/TARGET", help="Only these targets.")
@click.option("--leave-out", multiple=True, metavar="LANG", help="Leave a language out knowingly.")
@as_json
@faults_told
def edit(  # noqa: PLR0913 - one option each
    id: str,
    revision: int | None,
    texts: tuple[str, ...],
    area: Path | None,
    expires: str | None,
    targets: tuple[str, ...],
    leave_out: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Change the open draft."""
    body: dict[str, object] = {"revision": revision if revision is not None else call("GET", f"/v1/alerts/{id}")["revision"]}
    given = {
        "texts": _texts(texts),
        "areas": door.load(area.read_bytes()) if area else None,
        "expires": expires,
        "targets": list(targets),
        "left_out": list(leave_out),
    }
    body |= {field: value for field, value in given.items() if value}
    _told(call("PATCH", f"/v1/alerts/{id}", body), as_json=as_json)


@alert.command()
@click.argument("id")
@click.option("--confirm", is_flag=True, help="Submit although another alert tells of the same hazard there.")
@as_json
@faults_told
def submit(id: str, *, confirm: bool, as_json: bool) -> None:
    """Freeze the draft for a second person's approval."""
    read = call("GET", f"/v1/alerts/{id}")
    _told(call("POST", f"/v1/alerts/{id}/submit", {"revision": read["revision"], "confirm": confirm}), as_json=as_json)


@alert.command()
@click.argument("id")
@click.option("--version", type=int, required=True, help="The version you read.")
@click.option("--hash", "hash_", required=True, help="The hash of what you read.")
@click.option(
    "--break-glass", default="", metavar="REASON", help="Approve although the two-person rule says no; everybody is told."
)
@as_json
@faults_told
def approve(id: str, version: int, hash_: str, break_glass: str, *, as_json: bool) -> None:
    """Issue exactly what you saw."""
    body: dict[str, object] = {"version": version, "hash": hash_}
    if break_glass:
        body["break_glass"] = break_glass
    _told(call("POST", f"/v1/alerts/{id}/approve", body), as_json=as_json)


@alert.command()
@click.argument("id")
@click.option("--version", type=int, required=True, help="The version to put away.")
@reason
@as_json
@faults_told
def reject(id: str, version: int, reason: str, *, as_json: bool) -> None:
    """Put an open version away."""
    _told(call("POST", f"/v1/alerts/{id}/reject", {"version": version, "reason": reason}), as_json=as_json)


@alert.command()
@click.argument("id")
@as_json
@faults_told
def update(id: str, *, as_json: bool) -> None:
    """Draft an update from the newest facts."""
    _told(call("POST", f"/v1/alerts/{id}/update", {}), as_json=as_json)


@alert.command()
@click.argument("id")
@reason
@as_json
@faults_told
def end(id: str, reason: str, *, as_json: bool) -> None:
    """Draft the all clear."""
    _told(call("POST", f"/v1/alerts/{id}/end", {"reason": reason}), as_json=as_json)


@alert.command()
@click.argument("id")
@reason
@as_json
@faults_told
def cancel(id: str, reason: str, *, as_json: bool) -> None:
    """Take back at once what was issued in error."""
    _told(call("POST", f"/v1/alerts/{id}/cancel", {"reason": reason}), as_json=as_json)


def _texts(given: tuple[str, ...]) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {}
    for one in given:
        place, equals, wording = one.partition("=")
        language, dot, field = place.rpartition(".")
        if not (equals and dot):
            raise BadInput("text-option", f"{one!r} is not LANG.FIELD=WORDS", hint="for example ko.headline=...")
        texts.setdefault(language, {})[field] = wording
    return texts


def _told(answer: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        line(answer)
        return
    words(f"{answer['id']}  version {answer['version']}  revision {answer['revision']}  {answer['stage']}")
    texts = answer.get("texts")
    for text in texts if isinstance(texts, list) else []:
        words(f"  [{text['language']}] {text['headline']}\n       {text['description']}\n       {text['instruction']}")
    targets = answer.get("targets")
    words(f"  to   {', '.join(str(target) for target in targets) if isinstance(targets, list) else '-'}")
    if answer.get("hash"):
        words(f"  hash {answer['hash']}")
