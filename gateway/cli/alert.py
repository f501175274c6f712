"""`bongsu alert`: the operator's verbs, over the same HTTP interface that everybody uses."""

from typing import Any, BinaryIO
from urllib.parse import quote

import click

from gateway.cli.client import call
from gateway.cli.say import as_json, line, words
from gateway.cli.wait import dead, delivered
from gateway.doors import json as door
from gateway.fault import BadInput

FILE = click.File("rb")

id_ = click.argument("id")
reason = click.option("--reason", required=True, help="Why; it is kept and shown.")
version = click.option("--version", type=int, required=True, metavar="N", help="The version you read.")
wait = click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="Wait so long for the far sides: exit code 5 when only some took it, 1 when none did.",
)


@click.group()
def alert() -> None:
    """Draft, submit, approve, update, end and cancel alerts.

    They are another process's: BONGSU_URL says where it listens, BONGSU_KEY is your personal key.
    """


@alert.command()
@click.argument("incident", metavar="INCIDENT.json", type=FILE)
@as_json
def new(incident: BinaryIO, *, as_json: bool) -> None:
    """Draft an alert by hand from an incident (- for standard input)."""
    _told(call("POST", "/v1/alerts", door.load(incident.read())), as_json=as_json)


@alert.command(name="list")
@as_json
def list_(*, as_json: bool) -> None:
    """List alerts, newest first."""
    for one in call("GET", "/v1/alerts")["alerts"]:
        if as_json:
            line(one)
        else:
            words(f"{one['id']}  v{one['version']}  {one['stage']:<10}  {one['status']}  {one['hazard']}  {one['level']}")


@alert.command()
@id_
@as_json
def show(id: str, *, as_json: bool) -> None:
    """Show one alert with its texts, targets and hash, and say loudly whom nobody could tell."""
    _told(call("GET", _one(id)), as_json=as_json)
    if not as_json:
        for one in dead(id):
            words(f"  NOT TOLD  {one['target']} of version {one['number']}: {one['state']} ({one['reason'] or 'never tried'})")


@alert.command()
@id_
@click.option("--revision", type=int, help="The revision you read; without it the newest is edited.")
@click.option("--text", "texts", multiple=True, metavar="LANG.FIELD=WORDS", help="New wording of one field.")
@click.option("--area", type=FILE, help="A file with the list of all areas, as in an incident.")
@click.option("--expires", metavar="TIME", help="When it is over (RFC 3339).")
@click.option("--target", "targets", multiple=True, metavar="CHANNEL/TARGET", help="Only these targets.")
@click.option("--leave-out", "left_out", multiple=True, metavar="LANG", help="Leave a language out knowingly.")
@as_json
def edit(  # noqa: PLR0913, PLR0917 - one for each option
    id: str,
    revision: int | None,
    texts: tuple[str, ...],
    area: BinaryIO | None,
    expires: str | None,
    targets: tuple[str, ...],
    left_out: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Change the open draft."""
    areas = door.load(area.read()) if area else None
    given = {"texts": _texts(texts), "areas": areas, "expires": expires, "targets": targets, "left_out": left_out}
    changes = {field: value for field, value in given.items() if value}
    if not changes:
        raise click.UsageError("Nothing to change: name a text, an area, an end, a target or a language.")
    _told(call("PATCH", _one(id), {"revision": _revision(id) if revision is None else revision, **changes}), as_json=as_json)


@alert.command()
@id_
@click.option("--revision", type=int, help="The revision you read; without it the newest is submitted.")
@click.option("--confirm", is_flag=True, help="Submit although another alert tells of the same hazard there.")
@as_json
def submit(id: str, revision: int | None, *, confirm: bool, as_json: bool) -> None:
    """Freeze the draft for a second person's approval."""
    body = {"revision": _revision(id) if revision is None else revision, "confirm": confirm}
    _told(call("POST", f"{_one(id)}/submit", body), as_json=as_json)


@alert.command()
@id_
@version
@click.option("--hash", "hash_", required=True, help="The hash of what you read.")
@click.option("--break-glass", default="", metavar="REASON", help="Approve your own version; everybody is told.")
@wait
@as_json
@click.pass_context
def approve(  # noqa: PLR0913, PLR0917 - one for each option
    ctx: click.Context, id: str, version: int, hash_: str, break_glass: str, wait: float, *, as_json: bool
) -> None:
    """Issue exactly what you saw."""
    glass = {"break_glass": break_glass} if break_glass else {}
    _told(call("POST", f"{_one(id)}/approve", {"version": version, "hash": hash_, **glass}), as_json=as_json)
    if wait:
        ctx.exit(delivered(id, version, wait, as_json=as_json))


@alert.command()
@id_
@version
@reason
@as_json
def reject(id: str, version: int, reason: str, *, as_json: bool) -> None:
    """Put an open version away."""
    _told(call("POST", f"{_one(id)}/reject", {"version": version, "reason": reason}), as_json=as_json)


@alert.command()
@id_
@as_json
def update(id: str, *, as_json: bool) -> None:
    """Draft an update from the newest facts."""
    _told(call("POST", f"{_one(id)}/update", {}), as_json=as_json)


@alert.command()
@id_
@reason
@as_json
def end(id: str, reason: str, *, as_json: bool) -> None:
    """Draft the all clear."""
    _told(call("POST", f"{_one(id)}/end", {"reason": reason}), as_json=as_json)


@alert.command()
@id_
@reason
@wait
@as_json
@click.pass_context
def cancel(ctx: click.Context, id: str, reason: str, wait: float, *, as_json: bool) -> None:
    """Take back at once what was issued in error."""
    answer = call("POST", f"{_one(id)}/cancel", {"reason": reason})
    _told(answer, as_json=as_json)
    if wait:
        ctx.exit(delivered(id, answer["version"], wait, as_json=as_json))


def _one(id: str) -> str:
    return f"/v1/alerts/{quote(id, safe='')}"


def _revision(id: str) -> int:
    return int(call("GET", _one(id))["revision"])


def _texts(given: tuple[str, ...]) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {}
    for one in given:
        place, equals, wording = one.partition("=")
        language, dot, field = place.rpartition(".")
        if not (equals and dot):
            raise BadInput("text-option", f"{one!r} is not LANG.FIELD=WORDS", hint="for example ko.headline=...")
        texts.setdefault(language, {})[field] = wording
    return texts


def _told(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        line(answer)
        return
    words(f"{answer['id']}  version {answer['version']}  revision {answer['revision']}  {answer['stage']}  {answer['status']}")
    for text in answer["texts"]:
        words(f"  [{text['language']}] {text['headline']}\n       {text['description']}\n       {text['instruction']}")
    words(f"  to   {', '.join(answer['targets']) or 'nobody'}")
    words(f"  ends {answer['expires']}")
    for found in answer["findings"]:
        words(f"  {found.get('severity', 'error')}: {found['message']}")
    if answer["hash"]:
        words(f"  hash {answer['hash']}")
