"""A decision becomes a self-contained version: places, transit, texts in every language, and the bytes of every way out."""

from gateway.drafting.desk import Brief, Desk
from gateway.drafting.ending import AFTERLIFE, Over, closing
from gateway.drafting.ground import aimed, drawn_by_hand, relocated
from gateway.drafting.news import draft, pre_authorised
from gateway.drafting.rendering import DOCUMENT, render, stamp
from gateway.drafting.wording import spoken

__all__ = [
    "AFTERLIFE",
    "DOCUMENT",
    "Brief",
    "Desk",
    "Over",
    "aimed",
    "closing",
    "draft",
    "drawn_by_hand",
    "pre_authorised",
    "relocated",
    "render",
    "spoken",
    "stamp",
]
