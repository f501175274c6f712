"""The operators' console: plain pages that work without any script; scripts only keep them up to date."""

from aiohttp import web

from gateway.engine import Gateway
from gateway.web.auth import Gate
from gateway.web.console.agencies import Agencies
from gateway.web.console.alert import AlertPage
from gateway.web.console.calls import Calls
from gateway.web.console.front import Front
from gateway.web.console.incidents import Incidents
from gateway.web.console.pages import HERE, STATIC, Pages, Town
from gateway.web.console.refused import Refused
from gateway.web.console.sign_in import SignIn
from gateway.web.console.situation import Situation
from gateway.web.drawing import Drawings
from gateway.web.sessions import Sessions
from gateway.web.static import Static

__all__ = ["Console", "Town"]


class Console:
    """Every page of the console."""

    def __init__(self, gateway: Gateway, gate: Gate, sessions: Sessions, town: Town) -> None:
        """Show this gateway to the people of this deployment."""
        drawings = Drawings(gateway.plan.desk.city)
        self.front = Front(gateway, gateway.journal, sessions, Pages(town, gateway.now), gate, drawings)
        self._rooms = (
            SignIn(self.front),
            Situation(self.front),
            AlertPage(self.front),
            Incidents(self.front),
            Agencies(self.front),
            Calls(self.front),
            Refused(self.front),
            Static(HERE / "static", STATIC),
        )

    def routes(self) -> list[web.RouteDef]:
        """Return where the pages stand."""
        return [route for room in self._rooms for route in room.routes()]
