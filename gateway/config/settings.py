"""The settings of one deployment, as the program holds them."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from gateway.config.secret import SecretPlace
from gateway.incident import Status


class Mode(StrEnum):
    """What a deployment is for: playing exercises, or telling the public."""

    EXERCISE = "exercise"
    LIVE = "live"


class Server(Struct, frozen=True, kw_only=True):
    """Where to listen; port 0 takes any free one; for `drain_s` it says that it will stop, before it does."""

    host: str = "127.0.0.1"
    port: int = 8080
    drain_s: float = 0.0


class Console(Struct, frozen=True, kw_only=True):
    """How long somebody stays signed in at the console: hours at most, minutes without doing anything."""

    session_h: float = 6.0
    idle_min: float = 30.0


class Peer(Struct, frozen=True, kw_only=True):
    """One URL we speak to; `private`: in the city's own network, `plain`: it is knowingly not encrypted.

    `settings` are what the channel's kind needs to know of this one.
    """

    url: str
    secret: SecretPlace | None = None
    private: bool = False
    plain: bool = False
    settings: Mapping[str, object] = {}


class Database(Struct, frozen=True, kw_only=True):
    """A PostgreSQL database for the journal; `node` names this gateway among those that share it, "" means by its host."""

    url: str
    secret: SecretPlace | None = None
    node: str = ""


class Backups(Struct, frozen=True, kw_only=True):
    """Backups that the gateway makes by itself: where, how often, and how many of them stay."""

    folder: Path
    every_h: float = 24.0
    kept: int = 7


class SourceSettings(Struct, frozen=True, kw_only=True):
    """One source: what reads it, how it proves who it is, and what it may report; an empty set is no limit.

    `auth` is "standard-webhooks", with a secret, or "bearer", whose keys are in the store.
    """

    adapter: str
    auth: str
    secret: SecretPlace | None = None
    hazards: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    rate_per_minute: float = 600.0
    default_status: Status | None = None
    settings: Mapping[str, object] = {}


class Partner(Struct, frozen=True, kw_only=True):
    """Another agency that posts CAP: how it proves who it is, as a source does, and whose messages it may bring."""

    auth: str
    senders: frozenset[str]
    secret: SecretPlace | None = None
    rate_per_minute: float = 60.0


class ChannelSettings(Struct, frozen=True, kw_only=True):
    """One way out: its kind with its own settings, the worlds whose messages it may carry, and whom it reaches by name."""

    kind: str
    accepts: frozenset[Status]
    targets: Mapping[str, Peer]
    settings: Mapping[str, object] = {}


class Settings(Struct, frozen=True, kw_only=True):
    """Everything `city.toml` says; `languages` begin with the default.

    `store` is the journal's file where there is no `database`; `public` is the folder where the public's pages are kept as files;
    `places` are the names, by language, of the places that facts name by an identifier.
    """

    folder: Path
    name: Mapping[str, str]
    code: str
    mode: Mode
    timezone: str
    languages: tuple[str, ...]
    sender: str
    sender_name: Mapping[str, str]
    contact: str
    web: str
    base_url: str
    duty: Peer
    store: Path
    reviewed_only: bool
    database: Database | None = None
    backups: Backups | None = None
    public: Path | None = None
    server: Server = Server()
    console: Console = Console()
    sources: Mapping[str, SourceSettings] = {}
    partners: Mapping[str, Partner] = {}
    channels: Mapping[str, ChannelSettings] = {}
    places: Mapping[str, Mapping[str, str]] = {}

    @property
    def ways_in(self) -> Mapping[str, SourceSettings | Partner]:
        """Everybody who may send something, by name."""
        return {**self.sources, **self.partners}

    @property
    def status(self) -> Status:
        """The world this deployment lives in."""
        return Status.ACTUAL if self.mode is Mode.LIVE else Status.EXERCISE
