"""`bongsu store`: moving a city's record into a database, into a backup, and back."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from gateway import config
from gateway.cli import opening
from gateway.cli.say import as_json, line, progress, show, words
from gateway.config import Database, SecretPlace
from gateway.service import keeping

FILE = click.Path(dir_okay=False, path_type=Path)
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def store() -> None:
    """Move the record: into a database, into a backup, and back."""


@store.command()
@opening.city
@click.option("--to", "url", required=True, metavar="URL", help="An empty database: postgresql://user@host/database.")
@click.option("--secret-file", type=EXISTING, metavar="FILE", help="Where its password stands, readable by us alone.")
@click.option("--secret-env", metavar="NAME", help="The environment variable that holds its password.")
@click.option("--plain", is_flag=True, help="Let the record cross a network of ours unencrypted.")
@as_json
def migrate(  # noqa: PLR0913 - as many as the command has words
    folder: Path, url: str, secret_file: Path | None, secret_env: str | None, *, plain: bool, as_json: bool
) -> None:
    """Copy the city's file into an empty PostgreSQL database and prove that both hold the same.

    No gateway may run on the file; it stays as it is. What city.toml must say from now on is printed at the end.
    """
    if secret_file and secret_env:
        raise click.UsageError("Where is the password? Give --secret-file or --secret-env, not both.")
    secret = SecretPlace(file=secret_file, env=secret_env) if secret_file or secret_env else None
    database = config.named(url, secret, plain=plain)
    moved = asyncio.run(keeping.migrate(config.read(folder), database))
    for one in moved:
        show(msgspec.structs.asdict(one), f"{one.topic:<12}{one.rows:>10}  {one.sha256}", as_json=as_json)
    settings = _lines(database, plain=plain)
    if as_json:
        line({"result": "moved", "topics": len(moved), "rows": sum(one.rows for one in moved), "settings": settings})
        return
    progress(
        "every row was read back from both sides, every chain of the audit holds. In city.toml write, and nothing else of it:"
    )
    words(settings)


@store.command()
@opening.city
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Overwrite FILE where it exists.")
@as_json
def backup(folder: Path, file: Path, *, force: bool, as_json: bool) -> None:
    """Write the record as it is now into FILE, also while the gateway runs; a backup of a database is such a file too."""
    asyncio.run(keeping.backup(config.read(folder), file, force=force))
    size = file.stat().st_size
    show({"file": str(file), "bytes": size}, f"{file}: {size} bytes, whole, and every chain of its audit holds", as_json=as_json)


@store.command()
@opening.city
@click.argument("file", type=EXISTING)
@as_json
def restore(folder: Path, file: Path, *, as_json: bool) -> None:
    """Make the backup FILE the record of a city that has none, or whose database is empty.

    What was on its way when the backup was made becomes unknown and is paged: it may have gone out since.
    """
    unknown = asyncio.run(keeping.restore(config.read(folder), file, datetime.now(UTC), opening.operator()))
    told = f"restored; {unknown} deliveries are unknown, for they may have gone out since the backup"
    show({"file": str(file), "unknown": unknown}, told if unknown else "restored; nothing was on its way", as_json=as_json)


def _lines(database: Database, *, plain: bool) -> str:
    file, env = (database.secret.file, database.secret.env) if database.secret else (None, None)
    secret = f'\nsecret_file = "{file.resolve()}"' if file else f'\nsecret_env = "{env}"' if env else ""
    return f'[store]\nurl = "{database.url}"{secret}' + ("\nplain = true" if plain else "")
