"""Hanbat's folder, copied and connected to receivers of our own."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from gateway.demo import hanbat

SHIPPED = Path(hanbat.__file__).parent
FILES = ("city.toml", "zones.geojson", "gtfs.zip", "cells.csv", "shelters.geojson", "landmarks.geojson")
RECEIVERS: Mapping[str, str] = {
    "broadcaster": "http://127.0.0.1:9101/cap",
    "city-app": "http://127.0.0.1:9102/alerts",
    "duty": "http://127.0.0.1:9100/page",
}
SECRETS = ("river-telemetry", "crowd-counter", "dispatch-119", "city-app", "duty")


def settle(folder: Path, urls: Mapping[str, str], secret: str, *, port: int = 0) -> None:
    """Write Hanbat's folder with these URLs in place of the shipped ones, listening at `port` (0: any free one).

    Every peer and source gets the same `secret`, in files that nobody else can read.
    """
    for name in FILES:
        shutil.copyfile(SHIPPED / name, folder / name)
    shutil.copytree(SHIPPED / "playbooks", folder / "playbooks")
    text = (folder / "city.toml").read_text(encoding="utf-8")
    changes = {RECEIVERS[name]: url for name, url in urls.items()} | {"port = 8080": f"port = {port}"}
    for old, new in changes.items():
        if text.count(old) != 1:
            message = f"city.toml names {old} {text.count(old)} times"
            raise ValueError(message)
        text = text.replace(old, new)
    (folder / "city.toml").write_text(text, encoding="utf-8")
    _hide(folder / "secrets", secret)


def _hide(folder: Path, secret: str) -> None:
    folder.mkdir(mode=0o700)
    for name in SECRETS:
        file = folder / name
        file.touch(mode=0o600)
        file.write_text(secret, encoding="utf-8")
