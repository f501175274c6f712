"""The whole life of an alert: every verb reads, decides with pure functions, and commits one transaction."""

from gateway.engine.deciding import Deciding
from gateway.engine.receiving import Receiving
from gateway.engine.writing import Writing


class Gateway(Receiving, Writing, Deciding):
    """What can happen to an alert, in the order in which it happens.

    In: `receive`, `hear`, `tick`, `replay`. Drafts: `draft_due`, `create`, `raise_by_hand`, `update`, `end`, `edit`.
    People's word: `view`, `submit`, `approve`, `reject`, `cancel`, `preview_cancel`. Time's word: `expire_due`.
    """
