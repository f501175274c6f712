"""Reading a city's folder: every fault at once, each with its file and line."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import langcodes
import msgspec

from gateway import playbook
from gateway.config import database, hosts
from gateway.config.settings import Mode, Settings
from gateway.doors import toml
from gateway.doors.json import Path as Place
from gateway.doors.text import one_line
from gateway.fault import BadInput, Faults, Finding
from gateway.playbook import Playbook

CITY = "city.toml"
STORE = "bongsu.db"

Table = Mapping[str, Any]
Contradiction = tuple[str, str, Place, str]


def read(folder: Path) -> Settings:
    """Return the settings in `<folder>/city.toml`; raises Faults with file and line of everything that is wrong.

    Paths in it are seen from the folder. Names that other files must know (zones, hazards, adapters) are not checked here.
    """
    document = toml.load(_bytes(folder / CITY), str(folder / CITY))
    if findings := document.check("city.schema.json"):
        raise Faults(findings)
    if findings := tuple(document.finding(*found) for found in _contradictions(document.data)):
        raise Faults(findings)
    settings: Settings = msgspec.convert(_placed(document.data, folder), Settings)
    return settings


def read_playbooks(folder: Path) -> Mapping[str, Playbook]:
    """Return the playbooks in `<folder>/playbooks/*.toml` by id; raises Faults with the faults of all files at once."""
    books: dict[str, Playbook] = {}
    findings: list[Finding] = []
    for file in sorted((folder / "playbooks").glob("*.toml")):
        try:
            book = playbook.read(_bytes(file), str(file))
        except Faults as faults:
            findings.extend(faults.findings)
        else:
            books[book.id] = book
    if findings:
        raise Faults(findings)
    return books


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}"
        raise Faults([Finding(rule="file-missing", message=message, file=str(file), hint="is this a city's folder?")]) from None


# From the file's form to ours


def _placed(data: Table, folder: Path) -> dict[str, Any]:
    """Return what the file says with names in NFC, secrets and store placed in the folder, and defaults that depend on others."""
    mode = data.get("mode", Mode.EXERCISE)
    return {
        **{key: value for key, value in data.items() if key != "approval"},
        **{key: _names(data[key]) for key in ("name", "sender_name")},
        "contact": one_line(data["contact"]),
        "mode": mode,
        "folder": folder,
        "store": folder / data.get("store", {}).get("path", STORE),
        "database": _kept(data["store"], folder) if "url" in data.get("store", {}) else None,
        "public": folder / data["public"]["folder"] if "public" in data else None,
        "backups": _backups(data.get("store", {}), folder),
        "reviewed_only": data.get("approval", {}).get("reviewed_only", mode == Mode.LIVE),
        "duty": _kept(data["duty"], folder),
        "sources": _ways_in(data, folder, partners=False),
        "partners": _ways_in(data, folder, partners=True),
        "channels": {name: _channel(channel, folder) for name, channel in data.get("channels", {}).items()},
        "places": {id: _names(names) for id, names in data.get("places", {}).items()},
    }


def _ways_in(data: Table, folder: Path, *, partners: bool) -> dict[str, Any]:
    """Return the sources that an adapter reads, or those that speak CAP and need none."""
    named = data.get("sources", {}).items()
    return {name: _kept(source, folder) for name, source in named if ("kind" in source) is partners}


def _channel(channel: Table, folder: Path) -> dict[str, Any]:
    return {**channel, "targets": {name: _kept(target, folder) for name, target in channel["targets"].items()}}


def _kept(table: Table, folder: Path) -> dict[str, Any]:
    kept = {key: value for key, value in table.items() if key not in ("secret_file", "secret_env")}
    if "secret_file" in table:
        kept["secret"] = {"file": folder / table["secret_file"]}
    elif "secret_env" in table:
        kept["secret"] = {"env": table["secret_env"]}
    return kept


def _backups(store: Table, folder: Path) -> dict[str, Any] | None:
    given = {"every_h": store.get("backup_every_h"), "kept": store.get("backups_kept")}
    told = {key: value for key, value in given.items() if value is not None}
    return {"folder": folder / store["backup"], **told} if "backup" in store else None


def _names(names: Mapping[str, str]) -> dict[str, str]:
    return {language: one_line(name) for language, name in names.items()}


# What contradicts itself


def _contradictions(data: Table) -> Iterator[Contradiction]:
    yield from _languages(data)
    yield from _texts(data)
    yield from _world(data)
    yield from _database(data.get("store", {}))
    for path, table in _keepers(data):
        yield from _secret(path, table)
    for path, url, plain in _addresses(data):
        yield from _address(path, url, plain=plain)
    if data["timezone"] not in available_timezones():
        yield "timezone-unknown", f"no time zone is called {data['timezone']!r}", ("timezone",), "such as Asia/Seoul"


def _languages(data: Table) -> Iterator[Contradiction]:
    for number, language in enumerate(data["languages"]):
        if not langcodes.tag_is_valid(language):
            yield "language-unknown", f"no language is called {language!r}", ("languages", number), "a BCP 47 tag such as ko"
    default = data["languages"][0]
    for key in ("name", "sender_name"):
        if default not in data[key]:
            yield "name-missing", f"there is no name in {default!r}", (key,), "the default language needs one"


def _texts(data: Table) -> Iterator[Contradiction]:
    told: list[tuple[Place, str]] = [(("contact",), data["contact"])]
    told += [((key, language), name) for key in ("name", "sender_name") for language, name in data[key].items()]
    told += [(("places", id, tag), name) for id, names in data.get("places", {}).items() for tag, name in names.items()]
    for path, text in told:
        try:
            one_line(text)
        except BadInput as fault:
            yield fault.code, fault.message, path, fault.hint


def _world(data: Table) -> Iterator[Contradiction]:
    live = data.get("mode") == Mode.LIVE
    if live and urlsplit(data["base_url"]).scheme != "https":
        yield "url-plain", "a live city speaks https to the public", ("base_url",), "write https://"
    if live:
        return
    for name, source in data.get("sources", {}).items():
        if source.get("default_status") == "actual":
            at: Place = ("sources", name, "default_status")
            yield "status-refused", "an exercise takes nothing actual", at, 'write "exercise", or leave it out'
    for name, channel in data.get("channels", {}).items():
        if "actual" in channel["accepts"]:
            yield "accepts-actual", "an exercise sends nothing actual", ("channels", name, "accepts"), 'write ["exercise"]'


def _database(store: Table) -> Iterator[Contradiction]:
    for key in ("backup_every_h", "backups_kept"):
        if key in store and "backup" not in store:
            yield "backup-nowhere", "no folder for backups is named", ("store", key), 'add backup = "backups"'
    if "url" not in store:
        for key in ("secret_file", "secret_env", "node", "plain"):
            if key in store:
                yield "store-file", "a file needs neither password nor node", ("store", key), "take it out, or name a url"
        return
    if "path" in store:
        yield "store-twice", "the record is kept in one place", ("store", "path"), "keep path or url"
    for code, message, hint in database.wrong(store["url"], plain=store.get("plain", False)):
        yield code, message, ("store", "url"), hint


def _keepers(data: Table) -> Iterator[tuple[Place, Table]]:
    """Yield every table that may name a secret."""
    yield ("duty",), data["duty"]
    yield ("store",), data.get("store", {})
    for name, source in data.get("sources", {}).items():
        yield ("sources", name), source
    for name, channel in data.get("channels", {}).items():
        for target, peer in channel["targets"].items():
            yield ("channels", name, "targets", target), peer


def _secret(path: Place, table: Table) -> Iterator[Contradiction]:
    named = [key for key in ("secret_file", "secret_env") if key in table]
    auth = table.get("auth")
    if len(named) > 1:
        yield "secret-twice", "a secret stands in one place", (*path, named[1]), "keep secret_file or secret_env"
    if named and auth == "bearer":
        yield (
            "secret-unused",
            "bearer keys are kept in the store",
            (*path, named[0]),
            "take it out; make a key with: bongsu key add",
        )
    if not named and (auth == "standard-webhooks" or path == ("duty",)):
        yield "secret-missing", "its messages are signed with a secret", path, "name a secret_file or a secret_env"


def _addresses(data: Table) -> Iterator[tuple[Place, str, bool]]:
    for path, table in _keepers(data):
        if "url" in table:
            yield (*path, "url"), table["url"], table.get("plain", False)


def _address(path: Place, url: str, *, plain: bool) -> Iterator[Contradiction]:
    parts = urlsplit(url)
    if parts.scheme == "http" and not plain and not hosts.here(parts.hostname or ""):
        yield "url-plain", "http is not encrypted", path, "use https, or set plain = true knowingly"
