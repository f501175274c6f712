"""`bongsu demo` for a person: the city's addresses, two seats at the console, and what to do next, step by step."""

import asyncio
import webbrowser

from gateway.cli.say import line, show, tint, words
from gateway.demo.guide import Guide, follow, touring
from gateway.demo.live import Now


async def lead(speed: float, seed: int, *, browser: bool, as_json: bool) -> None:
    """Run the city and guide through its story until Ctrl-C; nothing is approved by itself."""
    async with touring(speed=speed, seed=seed) as guide:
        await _welcome(guide, as_json=as_json)
        if browser:
            await asyncio.to_thread(webbrowser.open, guide.url)
        await follow(guide.live, _as_json if as_json else _in_words)


async def _welcome(guide: Guide, *, as_json: bool) -> None:
    gateway = guide.live.stage.service.url
    known = {
        "guide": guide.url,
        "kim": await guide.link("kim"),
        "lee": await guide.link("lee"),
        "console": f"{gateway}/console",
        "public": f"{gateway}/",
        "feeds": f"{gateway}/feeds/cap.atom",
        "transit": f"{gateway}/feeds/gtfs-realtime/alerts.json",
        "api": f"{gateway}/openapi.json",
    }
    text = "\n".join(
        (
            f"{tint('EXERCISE', 'yellow')}  Hanbat, a city that exists only here. Ctrl-C stops everything; nothing stays behind.",
            f"  start here        {known['guide']}",
            f"  as Kim, once      {known['kim']}",
            f"  as Lee, once      {known['lee']}",
            *(f"  {name:<17} {known[name]}" for name in ("console", "public", "feeds", "transit", "api")),
        )
    )
    show({"mode": "EXERCISE", **known}, text, as_json=as_json)


def _in_words(now: Now, told: str) -> None:
    words(f"{tint(f'{now.step.name.lower():<12}', 'cyan')} {told}")


def _as_json(now: Now, told: str) -> None:
    line({"event": "step", "step": now.step.name.lower(), "text": told})
