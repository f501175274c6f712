"""`bongsu public`: what the public sees, as plain files that any web server can serve."""

from pathlib import Path

import click

from gateway.cli import opening
from gateway.cli.opening import Store
from gateway.cli.say import as_json, show
from gateway.publishing import Feeds
from gateway.service import plan_of, wall_clock
from gateway.web.public_pages import Site, Town
from gateway.web.public_pages.files import write


@click.group()
def public() -> None:
    """Write the public's pages and feeds as plain files."""


@public.command()
@opening.city
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER", help="Where to.")
@as_json
def render(folder: Path, out: Path, *, as_json: bool) -> None:
    """Make a folder hold every page and feed as published now; each file is replaced whole, what is over goes.

    Serve the folder at the root of the public address. Repeat it every minute; if the gateway dies, the files stay.
    """
    with opening.opened(folder) as record:
        files = _render(record, folder, out)
    show({"files": files, "folder": str(out)}, f"{files} files stand in {out}", as_json=as_json)


def _render(record: Store, folder: Path, out: Path) -> int:
    settings, plan = record.settings, plan_of(folder)
    feeds = Feeds(record.journal, plan.feeds, settings.base_url, wall_clock)
    live, languages = settings.mode == "live", settings.languages
    town = Town(names=settings.name, live=live, timezone=settings.timezone, languages=languages)

    async def written() -> int:
        return await write(feeds, await feeds.view(), Site(town, plan.desk.city), out)

    return record.run(written())
