"""`bongsu adapter`: the vendors' folders and whether they keep their promises."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from msgspec import Struct

from gateway import shipped, vendors
from gateway.cli.say import Exit, as_json, findings, grave, line, show, spoken, words
from gateway.fault import BadInput, Finding
from gateway.vendors import Vendor


class Tried(Struct, frozen=True):
    """What became of one adapter's promises."""

    adapter: str
    valid: bool
    findings: tuple[Finding, ...]


@click.group()
def adapter() -> None:
    """List vendors' adapters and try their promises."""


@adapter.command(name="list")
@as_json
def list_(*, as_json: bool) -> None:
    """List the adapters that are shipped."""
    for name, vendor in sorted(vendors.find().items()):
        show(_told(vendor), f"{name}  {vendor.manifest.version}  {vendor.manifest.title}", as_json=as_json)


@adapter.command()
@click.argument("adapters", metavar="NAME_OR_FOLDER...", nargs=-1, required=True)
@as_json
@click.pass_context
def check(ctx: click.Context, adapters: tuple[str, ...], *, as_json: bool) -> None:
    """Try every promise of adapters, named or by their folder, on their own samples."""
    tried = [_tried(folder) for name in adapters for folder in _folders(name)]
    for one in tried:
        if as_json:
            line(one)
        else:
            _say(one)
    ctx.exit(Exit.OK if all(one.valid for one in tried) else Exit.INVALID)


def _folders(name: str) -> Sequence[Path]:
    """Return the folder a name means: a path to one, a path to a folder full of them, or the name of a shipped one."""
    for folder in (Path(name), shipped.folder("adapters") / name):
        if (folder / "manifest.json").is_file():
            return [folder.resolve()]
        if found := sorted(file.parent.resolve() for file in folder.glob("*/manifest.json")):
            return found
    known = ", ".join(sorted(file.parent.name for file in shipped.folder("adapters").glob("*/manifest.json")))
    raise BadInput("adapter-unknown", f"{name!r} is neither a shipped adapter nor a folder of one", hint=f"shipped are: {known}")


def _tried(folder: Path) -> Tried:
    try:
        found: Iterable[Finding] = vendors.check(vendors.load(folder))
    except BadInput as fault:
        found = findings(fault, file=str(folder))
    return Tried(folder.name, not grave(found), tuple(found))


def _say(one: Tried) -> None:
    for found in one.findings:
        words(spoken(found))
    if one.valid:
        words(f"{one.adapter}: keeps every promise")


def _told(vendor: Vendor) -> dict[str, object]:
    manifest = vendor.manifest
    told = {field: getattr(manifest, field) for field in ("title", "owner", "version", "kind", "transport", "media_types")}
    return {"adapter": vendor.name, **told, "auth": manifest.auth, "hazards": manifest.hazards}
