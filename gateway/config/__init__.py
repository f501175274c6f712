"""What one deployment is set up with: `city.toml`, its playbooks, and the secrets that stand outside them."""

from gateway.config.database import named
from gateway.config.reading import CITY, read, read_playbooks
from gateway.config.secret import Secret, SecretPlace, read_secret
from gateway.config.settings import (
    Backups,
    ChannelSettings,
    Console,
    Database,
    Mode,
    Partner,
    Peer,
    Server,
    Settings,
    SourceSettings,
)

__all__ = [
    "CITY",
    "Backups",
    "ChannelSettings",
    "Console",
    "Database",
    "Mode",
    "Partner",
    "Peer",
    "Secret",
    "SecretPlace",
    "Server",
    "Settings",
    "SourceSettings",
    "named",
    "read",
    "read_playbooks",
    "read_secret",
]
