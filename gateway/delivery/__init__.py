"""Carrying issued bytes to their targets, and paging a person when something needs one."""

from gateway.delivery.backoff import backoff
from gateway.delivery.courier import Courier
from gateway.delivery.pager import Pager

__all__ = ["Courier", "Pager", "backoff"]
