"""The same pages and feeds as plain files for any web server: each is replaced whole, and they outlive the gateway."""

import asyncio
from collections.abc import AsyncIterator, Callable, Container, Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

from gateway.feeds.cap_atom import document_path
from gateway.formats import app
from gateway.publishing import Feeds, View
from gateway.web.public_pages.site import HERE, NAMED, SINGLE, STATIC, Site

INDEX = "index.html"
KINDS = (*SINGLE, *NAMED)
CLOCKED = ("now",)
"""The kinds of pages that tell what time it is."""
NEWS = ("alerts", *CLOCKED)
"""The kinds of pages that are looked at first when something happens."""
TOPS = ("alerts", "data", "feeds", "lines", "network", "now", "past", "static", "stops")

File = tuple[str, bytes]
Between = Callable[[], None]
"""Called before each file is looked at: waits if it wants to, and what it raises ends the writing."""


def at_once() -> None:
    """Wait for nothing."""


async def write(  # noqa: PLR0913 - what, where, and how
    feeds: Feeds, view: View, site: Site, folder: Path, *, before: View | None = None, between: Between = at_once
) -> int:
    """Make a folder hold what a view shows, and return how many files were looked at; raises Unavailable, OSError.

    What a page links to is written before the page, and what is published no more goes last; files of others stay, but for
    those in the folders that are ours. Where pages stand already, the news is written first; where they are known to be those of
    the view `before` and nothing was told since, only what tells the time.
    """
    fetched = [file async for file in _fetched(feeds, view)]
    if before is not None and _news(before) == _news(view):
        return len(await asyncio.to_thread(_put_each, folder, (fetched, _pages(site, view, CLOCKED)), between))
    first = NEWS if (folder / INDEX).is_file() else ()
    rest = [kind for kind in KINDS if kind not in first]
    groups = (fetched, _static(), _pages(site, view, first), _pages(site, view, rest))
    return await asyncio.to_thread(_put_all, folder, groups, between)


def _news(view: View) -> tuple[tuple[str, int, bytes, bool], ...]:
    """Return what there is to tell, and whether it ran out by now; after a fail-over a number may stand for other words."""
    return tuple((row.alert, row.number, row.body, row.expires <= view.publication.at) for row in view.feeds.get("app", ()))


async def _fetched(feeds: Feeds, view: View) -> AsyncIterator[File]:
    for row in view.feeds.get("app", ()):
        path = document_path(app.frozen(row.body).identifier)
        yield path, (await feeds.document(app.frozen(row.body).identifier)).body
    for path in feeds.paths:
        if (served := await feeds.current(path)) is not None:
            yield path, served.body


def _static() -> Iterator[File]:
    for file in sorted((HERE / "static").iterdir()):
        yield STATIC + file.name, file.read_bytes()


def _pages(site: Site, view: View, kinds: Container[str]) -> Iterator[File]:
    """Yield every page of some kinds at its address; without a language, in the city's own."""
    for address in (one for one in site.addresses(view) if one.kind in kinds):
        body = site.page(view, address)
        yield f"{address.path}/{INDEX}", body
        if address.language == site.town.languages[0]:
            yield f"{address.path.removesuffix(f'/{address.language}')}/{INDEX}", body
            if address.kind == "now":
                yield f"/{INDEX}", body


def _put_all(folder: Path, groups: Iterable[Iterable[File]], between: Between) -> int:
    kept = _put_each(folder, groups, between)
    between()
    for top in TOPS:
        for file in sorted((folder / top).rglob("*"), reverse=True):
            if file.is_dir() and not any(file.iterdir()):
                file.rmdir()
            elif file.is_file() and file not in kept:
                file.unlink()
    return len(kept)


def _put_each(folder: Path, groups: Iterable[Iterable[File]], between: Between) -> set[Path]:
    kept = set()
    for path, body in (file for files in groups for file in files):
        if (place := _place(folder, path)) is not None:
            between()
            kept.add(_put(place, body))
    return kept


def _place(folder: Path, path: str) -> Path | None:
    """Return the file that servers look for at an address, or None where an id of the city's makes no file name."""
    names = [unquote(name) for name in path[1:].split("/")]
    return None if any("/" in name or name.startswith(".") or "\0" in name for name in names) else folder.joinpath(*names)


def _put(file: Path, body: bytes) -> Path:
    """Replace a file in one step, so that nobody reads half of it; one that is the same already is left alone."""
    if not file.is_file() or file.read_bytes() != body:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name(f".{file.name}.new")
        beside.write_bytes(body)
        beside.replace(file)
    return file
