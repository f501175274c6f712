"""The app feed: every live alert of its own world, each entry as the published schema describes it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec import structs
from referencing import Registry, Resource

from gateway import feeds
from gateway.alert import Kind, Version
from gateway.channel import Publication, Published
from gateway.feeds import FeedSettings, app
from gateway.incident import Scope, Status
from tests import samples

SCHEMAS = Path(__file__).parents[2] / "schemas"
AT = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
VERSION = samples.version(alert="a-1", identifier="a-1.1", onset=AT, effective=AT, expires=AT + timedelta(hours=3))


def feed(mode: Status = Status.EXERCISE) -> app.AppAlerts:
    """Return the feed of a city in that world."""
    return app.feed(FeedSettings(title={"ko": "한밭"}, sender="alerts@hanbat.example.com", mode=mode, language="ko"))


def row(version: Version = VERSION, kind: Kind = Kind.ALERT) -> Published:
    """Return one published alert with its frozen entry."""
    body = feed().render(version)
    assert body is not None
    return Published(alert=version.alert, number=1, kind=kind, issued_at=AT, expires=version.expires, body=body)


def valid(entry: object) -> None:
    """Hold an entry against the schema, by an outside validator."""
    documents = [json.loads(file.read_text()) for file in SCHEMAS.glob("*.schema.json")]
    registry: Registry[Any] = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in documents)
    schema = {"$ref": "urn:bongsu:alert:1"}
    jsonschema.Draft202012Validator({"$schema": documents[0]["$schema"], **schema}, registry=registry).validate(entry)


def test_it_is_found_by_being_there_and_says_where_it_stands() -> None:
    assert app.feed in feeds.find()
    assert (feed().name, feed().path, feed().media_type) == ("app", "/feeds/app.json", "application/json")


def test_every_entry_is_what_the_schema_describes() -> None:
    second = structs.replace(VERSION, alert="a-2", identifier="a-2.1")

    document = json.loads(feed().join(Publication(4, AT), [row(), row(second)], "https://alerts.example.com"))

    assert (document["status"], document["updated"]) == ("exercise", "2026-07-14T09:20:00+00:00")
    assert [entry["alert"] for entry in document["alerts"]] == ["a-1", "a-2"]
    for entry in document["alerts"]:
        valid(entry)


@pytest.mark.parametrize("kind", [Kind.END, Kind.CANCEL])
def test_what_is_over_is_absent(kind: Kind) -> None:
    late = Publication(5, AT + timedelta(hours=3))

    assert json.loads(feed().join(Publication(5, AT), [row(kind=kind)], ""))["alerts"] == []
    assert json.loads(feed().join(late, [row()], ""))["alerts"] == []


@pytest.mark.parametrize(
    ("status", "scope", "mode"),
    [
        (Status.EXERCISE, Scope.PUBLIC, Status.ACTUAL),
        (Status.ACTUAL, Scope.PUBLIC, Status.EXERCISE),
        (Status.TEST, Scope.PUBLIC, Status.ACTUAL),
        (Status.EXERCISE, Scope.RESTRICTED, Status.EXERCISE),
    ],
)
def test_what_is_not_for_the_public_of_this_world_has_no_entry(status: Status, scope: Scope, mode: Status) -> None:
    assert feed(mode).render(structs.replace(VERSION, status=status, scope=scope)) is None
