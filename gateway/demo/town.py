"""Hanbat's folder, copied and connected to receivers of our own."""

import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from gateway.demo import hanbat

SHIPPED = Path(hanbat.__file__).parent
FILES = ("city.toml", "zones.geojson", "gtfs.zip", "cells.csv", "shelters.geojson", "landmarks.geojson")
RECEIVERS: Mapping[str, str] = {
    "broadcaster": "http://127.0.0.1:9101/cap",
    "city-app": "http://127.0.0.1:9102/alerts",
    "road-signs": "http://127.0.0.1:9103/signs",
    "carriers": "http://127.0.0.1:9104/orders",
    "wards": "smtp://127.0.0.1:9105",
    "duty": "http://127.0.0.1:9100/page",
}
FIRST = ("broadcaster", "city-app", "duty")
"""Those who are enough for a story of one peer with a history and one without."""
SECRETS = ("river-telemetry", "crowd-counter", "dispatch-119", "city-app", "road-signs", "carriers", "duty")
_TARGET = re.compile(r"\[channels\.([a-z-]+)\.targets\.([a-z-]+)\]")


def settle(  # noqa: PLR0913 - what may be otherwise than shipped, each by its name
    folder: Path,
    urls: Mapping[str, str],
    secret: str,
    *,
    port: int = 0,
    store: str = "",
    reach: Collection[str] = tuple(RECEIVERS),
) -> None:
    """Write Hanbat's folder with these URLs in place of the shipped ones, listening at `port` (0: any free one).

    Every peer and source gets the same `secret`, in files that nobody else can read. The record is a file, or the database at
    the URL `store`. Receivers that are not to be reached are taken out of the city, with the channel that has no other.
    """
    for name in FILES:
        shutil.copyfile(SHIPPED / name, folder / name)
    shutil.copytree(SHIPPED / "playbooks", folder / "playbooks")
    text = (folder / "city.toml").read_text(encoding="utf-8")
    changes = {RECEIVERS[name]: url for name, url in urls.items()} | {"port = 8080": f"port = {port}"}
    changes |= {"//127.0.0.1:8080": f"//127.0.0.1:{port}"} if port else {}
    changes |= {'path = "bongsu.db"': f'url = "{store}"'} if store else {}
    for old, new in changes.items():
        if text.count(old) != 1:
            message = f"city.toml names {old} {text.count(old)} times"
            raise ValueError(message)
        text = text.replace(old, new)
    for channel, target in _TARGET.findall(text):
        if target not in reach:
            text = _without(text, channel)
            _silence(folder / "playbooks", f"{channel}/{target}")
    (folder / "city.toml").write_text(text, encoding="utf-8")
    _hide(folder / "secrets", secret)


def _without(text: str, channel: str) -> str:
    """Return the settings without a channel and its targets."""
    tables = re.split(r"(?m)^(?=\[)", text)
    return "".join(table for table in tables if not re.match(rf"\[channels\.{channel}[\].]", table))


def _silence(playbooks: Path, target: str) -> None:
    """Let no playbook name a target; it is never the first that one names."""
    for book in playbooks.glob("*.toml"):
        book.write_text(book.read_text(encoding="utf-8").replace(f', "{target}"', ""), encoding="utf-8")


def _hide(folder: Path, secret: str) -> None:
    folder.mkdir(mode=0o700)
    for name in SECRETS:
        file = folder / name
        file.touch(mode=0o600)
        file.write_text(secret, encoding="utf-8")
