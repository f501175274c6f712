"""The whole life of an alert, from a source's bytes to the last expiry."""

from gateway.engine.changes import Changes
from gateway.engine.life import Gateway
from gateway.engine.plan import Plan

__all__ = ["Changes", "Gateway", "Plan"]
