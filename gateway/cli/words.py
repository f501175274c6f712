"""`bongsu words`: whether every phrase may be told, how far each language is, and a sheet for those who review one."""

from pathlib import Path

import click

from gateway import shipped
from gateway.cli import say
from gateway.cli.opening import FOLDER
from gateway.cli.say import Exit, as_json
from gateway.words.check import check as findings
from gateway.words.check import stats as counts
from gateway.words.sheet import sheet as page

_folder = click.option(
    "--translations", "folder", metavar="DIR", type=FOLDER, help="A folder of translations instead of those that ship."
)


@click.group()
def words() -> None:
    """Check, count and review the phrases of every language."""


@words.command()
@_folder
@as_json
def stats(folder: Path | None, *, as_json: bool) -> None:
    """Count the phrases of every language: how many are translated, and how many a native speaker has reviewed."""
    told = counts(folder or _shipped())
    rows = [f"{tag}  {row['translated']}/{row['phrases']} translated, {row['reviewed']} reviewed" for tag, row in told.items()]
    say.show({"languages": told}, "\n".join(rows), as_json=as_json)


@words.command()
@_folder
@as_json
@click.pass_context
def check(ctx: click.Context, folder: Path | None, *, as_json: bool) -> None:
    """Try every phrase, and every text that could ever be sent, in every language; some seconds of work."""
    where = folder or _shipped()
    found = findings(where)
    if as_json:
        say.line({"valid": not found, "findings": found})
    else:
        say.words("\n".join(map(say.spoken, found)) or f"{where}: sound")
    ctx.exit(Exit.INVALID if found else Exit.OK)


@words.command()
@_folder
@click.option("--language", required=True, metavar="TAG", help="The language to review, such as vi.")
@click.option(
    "--out", required=True, metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="The HTML file to write."
)
@as_json
def sheet(folder: Path | None, language: str, out: Path, *, as_json: bool) -> None:
    """Write a sheet to print and sign: every phrase beside its English, and how phones show it."""
    out.write_text(page(folder or _shipped(), language), encoding="utf-8")
    say.show({"language": language, "file": str(out)}, f"{out}: to be read and signed by a native speaker", as_json=as_json)


def _shipped() -> Path:
    return shipped.folder("translations")
