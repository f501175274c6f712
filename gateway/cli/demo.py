"""`bongsu demo`: a whole city on this machine, from the river's rise to the last all clear; always an exercise."""

import asyncio
import logging
from collections.abc import Mapping

import click

from gateway.cli import logs
from gateway.cli.say import Exit, as_json, line, progress, tint, words
from gateway.demo.play import SCENARIOS, play


@click.command()
@click.option("--headless", is_flag=True, help="For machines: one JSON object for each event, the result last.")
@click.option("--scenario", type=click.Choice(sorted(SCENARIOS)), default="flood", show_default=True, help="The story.")
@click.option("--speed", type=click.FloatRange(1, 600), default=60.0, show_default=True, help="How many times faster than life.")
@click.option("--seed", type=int, default=1, show_default=True, help="What chance begins with.")
@as_json
@click.pass_context
def demo(  # noqa: PLR0913 - one for each option
    ctx: click.Context, scenario: str, speed: float, seed: int, *, headless: bool, as_json: bool
) -> None:
    """Play a whole city on this machine, as an exercise; ends with 1 when something went otherwise than told."""
    quiet = headless or as_json
    logs.to_stderr(as_json=quiet, least=logging.WARNING)
    progress(f"{tint('EXERCISE', 'yellow')}  {scenario}, {speed:g} times faster than life, seed {seed}; Ctrl-C stops everything")
    result = asyncio.run(play(scenario, speed=speed, seed=seed, tell=_event if quiet else _told))
    well = result["result"] == "ok"
    if quiet:
        line(result)
    else:
        words(f"{tint(str(result['result']), 'green' if well else 'red'):<10}  messages arrived: {_counted(result['receivers'])}")
    ctx.exit(Exit.OK if well else Exit.FAILED)


def _event(event: str, facts: Mapping[str, object]) -> None:
    line({"event": event, **facts})


def _told(event: str, facts: Mapping[str, object]) -> None:
    words(f"{event:<10}  {facts['text']}")
    headlines = facts.get("headlines")
    for language, headline in headlines.items() if isinstance(headlines, Mapping) else ():
        words(f"{'':<10}  [{language}] {headline}")


def _counted(receivers: object) -> str:
    counts = receivers if isinstance(receivers, Mapping) else {}
    return ", ".join(f"{count} at {name}" for name, count in counts.items())
