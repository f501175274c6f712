"""What `bongsu doctor` looks at; each look returns what it found, or raises a Fault that says what is wrong."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo

import apsw
from msgspec import Struct

from gateway import config, shipped, vendors
from gateway.cli import opening
from gateway.config import SecretPlace, Settings
from gateway.doors import json
from gateway.fault import Fault, Faults, Finding, Missing, Unavailable
from gateway.formats import cap
from gateway.hazard import hazards
from gateway.journal.sqlite.opening import refuse_unsafe
from gateway.service import plan_of
from gateway.words.check import check as gates
from gateway.words.check import stats

OLDEST_PYTHON = (3, 11)
BUILT = datetime(2026, 1, 1, tzinfo=UTC)
SKEW = timedelta(minutes=5)
MOST_MIB = 1024
LEAST_MIB = 100
LIBRARIES = (
    "aiohttp",
    "aiosmtpd",
    "aiosmtplib",
    "apsw",
    "argon2-cffi",
    "babel",
    "click",
    "gtfs-realtime-bindings",
    "jinja2",
    "jsonschema-rs",
    "langcodes",
    "lxml",
    "msgspec",
    "orjson",
    "protobuf",
    "pyproj",
    "shapely",
    "standardwebhooks",
    "structlog",
    "tree-sitter",
    "tree-sitter-toml",
    "tzdata",
    "xmlschema",
)


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Check(Struct, frozen=True, omit_defaults=True):
    """One thing that was looked at; `hint` says how to mend what is not ok."""

    check: str
    state: State
    found: str
    hint: str = ""


class Worry(Fault):
    """It works, but somebody should know."""


Look = Callable[[], str]


def looked(name: str, look: Look) -> Check:
    """Return what came of one look."""
    try:
        return Check(name, State.OK, look())
    except Worry as fault:
        return Check(name, State.WARNING, fault.message, fault.hint)
    except Faults as faults:
        return Check(name, State.FAILED, _several(faults.findings), faults.hint)
    except Fault as fault:
        return Check(name, State.FAILED, fault.message, fault.hint)


def installation() -> Iterator[Check]:
    """Check what every city needs."""
    yield looked("python", _python)
    yield looked("libraries", _libraries)
    yield looked("sqlite", _sqlite)
    yield looked("schemas", _schemas)
    yield looked("translations", _translations)
    yield looked("adapters", _adapters)
    yield looked("clock", partial(_clock, None))


def city(folder: Path) -> Iterator[Check]:
    """Check what one city needs on this machine."""
    yield looked("city", partial(_city, folder))
    try:
        settings = config.read(folder)
    except Fault:
        return
    yield looked("mode", partial(_mode, settings))
    yield looked("time zone", partial(_clock, settings))
    yield looked("secrets", partial(_secrets, settings))
    yield looked("store", partial(_store, settings))
    yield looked("disk", partial(_disk, settings))


# The installation


def _python() -> str:
    if sys.version_info < OLDEST_PYTHON:
        raise Unavailable("python-old", f"Python {platform.python_version()}", hint="install Python 3.11 or newer")
    return f"{platform.python_implementation()} {platform.python_version()} on {platform.platform(terse=True)}"


def _libraries() -> str:
    found = {name: _installed(name) for name in LIBRARIES}
    if missing := [name for name, version in found.items() if not version]:
        raise Missing("library-missing", f"missing: {', '.join(missing)}", hint="install bongsu anew, with its requirements")
    return ", ".join(f"{name} {version}" for name, version in found.items())


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _sqlite() -> str:
    version = apsw.sqlite_lib_version()
    refuse_unsafe(version)
    return f"{version} (through apsw {apsw.apsw_version()}), which keeps what it committed"


def _schemas() -> str:
    known = hazards()
    names = sorted(file.name for file in shipped.folder("schemas").glob("*.schema.json"))
    for name in names:
        _compiled(name)
    if "D04" not in {finding.rule for finding in cap.check(_NO_ALERT)}:
        raise Unavailable("schema-cap", "the CAP schema lets through what is no alert", hint="install bongsu anew")
    return f"{len(known)} hazards, {len(names)} JSON schemas, CAP 1.2"


_NO_ALERT = f'<alert xmlns="{cap.NAMESPACE}"/>'.encode()


def _compiled(name: str) -> None:
    """Every schema of ours wants an object, so it must refuse nothing at all."""
    try:
        json.check(None, name)
    except Faults:
        return
    raise Unavailable("schema-lax", f"schemas/{name} accepts null", hint="install bongsu anew")


def _translations() -> str:
    folder = shipped.folder("translations")
    if findings := gates(folder):
        raise Faults(findings)
    counts = stats(folder)
    return ", ".join(f"{tag} {n['translated']}/{n['phrases']} ({n['reviewed']} reviewed)" for tag, n in sorted(counts.items()))


def _adapters() -> str:
    found = vendors.find()
    if findings := [finding for vendor in found.values() for finding in vendors.check(vendor)]:
        raise Faults(findings)
    return ", ".join(sorted(found)) + ": every promise is kept"


# The city


def _city(folder: Path) -> str:
    plan = plan_of(folder)
    zones, books = len(plan.desk.city.zones), len(plan.playbooks)
    sources = len(plan.intakes) + len(plan.partners)
    return f"{plan.code}: {zones} zones, {books} playbooks, {sources} sources, {len(plan.channels)} channels"


def _mode(settings: Settings) -> str:
    return settings.mode.value.upper()


def _clock(settings: Settings | None) -> str:
    now = datetime.now(UTC)
    if now < BUILT:
        raise Unavailable("clock-behind", f"this machine believes it is {now:%Y-%m-%d}", hint="set the clock; run an NTP client")
    zone = ZoneInfo(settings.timezone) if settings else None
    return f"{now.astimezone(zone):%Y-%m-%d %H:%M:%S %z}, {settings.timezone if settings else 'as this machine is set'}"


def _secrets(settings: Settings) -> str:
    places = list(_places(settings))
    for place in places:
        config.read_secret(place)
    return f"{len(places)} to be read, and by us alone"


def _places(settings: Settings) -> Iterator[SecretPlace]:
    peers = [settings.duty, *(peer for channel in settings.channels.values() for peer in channel.targets.values())]
    kept = [*(peer.secret for peer in peers), *(source.secret for source in settings.ways_in.values())]
    yield from filter(None, [*kept, settings.database and settings.database.secret])


def _store(settings: Settings) -> str:
    if settings.database is None and not settings.store.is_file():
        _writable(settings.store)
        raise Worry("store-missing", f"no record yet at {settings.store}", hint="`bongsu user add` makes it")
    with opening.opened(settings.folder) as record:
        record.run(record.journal.check())
        newest = record.run(record.journal.publication()).at
    if newest > datetime.now(UTC) + SKEW:
        raise Unavailable("clock-behind", f"something was published at {newest:%Y-%m-%d %H:%M %z}", hint="set the clock")
    return f"{settings.database.url if settings.database else settings.store} commits"


def _writable(file: Path) -> None:
    parent = next(folder for folder in file.resolve().parents if folder.exists())
    if not os.access(parent, os.W_OK):
        raise Unavailable("store-read-only", f"{parent} is not ours to write", hint="let this user write there")


def _disk(settings: Settings) -> str:
    parent = next(folder for folder in settings.store.resolve().parents if folder.exists())
    free = shutil.disk_usage(parent).free // 2**20
    if free < LEAST_MIB:
        raise Unavailable("disk-full", f"{free} MiB free at {parent}", hint="free space: a full disk stops intake")
    if free < MOST_MIB:
        raise Worry("disk-low", f"{free} MiB free at {parent}", hint=f"keep {MOST_MIB} MiB free")
    return f"{free // 1024} GiB free at {parent}"


def _several(findings: tuple[Finding, ...]) -> str:
    first = findings[0]
    place = f"{first.file}:{first.line}: " if first.file else ""
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return f"{place}{first.message}{more}"
