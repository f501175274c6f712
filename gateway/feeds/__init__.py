"""Ways out that others fetch; every module here that has a function `feed` is one."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping

from msgspec import Struct

from gateway.channel import Feed
from gateway.city import Zone
from gateway.incident import Status


class FeedSettings(Struct, frozen=True, kw_only=True):
    """What a city says about its feeds: the title in each language, its sender name, its world, its default language.

    `languages` are all that it speaks, the default first; `zones` those that readers may ask for, by code and alias.
    """

    title: Mapping[str, str]
    sender: str
    mode: Status
    language: str
    languages: tuple[str, ...] = ()
    zones: Mapping[str, Zone] = {}


Maker = Callable[[FeedSettings], Feed]


def find() -> tuple[Maker, ...]:
    """Return the maker of every feed, in the order of their modules' names: found by being there."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = (importlib.import_module(f"{__name__}.{name}") for name in names)
    return tuple(module.feed for module in modules if hasattr(module, "feed"))
