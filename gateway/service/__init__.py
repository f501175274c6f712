"""A whole gateway, assembled: the command line, the demonstration and the tests all use this."""

from gateway.service.planning import Setup, set_up
from gateway.service.running import Service

__all__ = ["Service", "Setup", "set_up"]
