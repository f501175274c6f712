"""A whole gateway, assembled: the command line, the demonstration and the tests all use this."""

from gateway.service.planning import Setup, plan_of, set_up
from gateway.service.running import Service

__all__ = ["Service", "Setup", "plan_of", "set_up"]
