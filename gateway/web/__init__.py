"""The gateway over HTTP: intake, the operators' API and the public feeds."""

from gateway.web.auth import Door
from gateway.web.cap import CAP_TYPES
from gateway.web.console import Town
from gateway.web.server import Limits, Listening, app, listen
from gateway.web.signature import secret

__all__ = ["CAP_TYPES", "Door", "Limits", "Listening", "Town", "app", "listen", "secret"]
