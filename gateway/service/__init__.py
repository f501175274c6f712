"""A whole gateway, assembled: the command line, the demonstration and the tests all use this."""

from gateway.service.planning import Setup, plan_of, set_up
from gateway.service.running import Service, wall_clock
from gateway.service.store import open_store

__all__ = ["Service", "Setup", "open_store", "plan_of", "set_up", "wall_clock"]
