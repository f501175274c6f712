"""`bongsu demo`: a whole city on this machine, from the river's rise to the last all clear; always an exercise."""

import asyncio
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence

import click

from gateway.cli import logs
from gateway.cli.say import Exit, as_json, line, progress, tint, words
from gateway.demo.play import ALL, SCENARIOS, play

WIDTH = 160
STORY_SPEED, LIVE_SPEED = 60.0, 10.0
COLOURS = {"refused": "yellow", "cancel": "yellow", "wrong": "red", "approved": "green"}


@click.command()
@click.option(
    "--headless", is_flag=True, help="Play the story by itself; for machines a JSON object for each event, the result last."
)
@click.option("--scenario", type=click.Choice([*SCENARIOS, ALL]), default="flood", show_default=True, help="The story to play.")
@click.option("--speed", type=click.FloatRange(1, 600), help="How many times faster than life; 60 for a story, 10 for you.")
@click.option("--seed", type=int, default=1, show_default=True, help="What chance begins with.")
@click.option("--no-browser", is_flag=True, help="Open no browser.")
@click.option("--store", default="", hidden=True, help="Keep the record in the database at this URL.")
@as_json
@click.pass_context
def demo(  # noqa: PLR0913 - one for each option
    ctx: click.Context,
    scenario: str,
    speed: float | None,
    seed: int,
    store: str,
    *,
    headless: bool,
    no_browser: bool,
    as_json: bool,
) -> None:
    """A whole city on this machine, as an exercise: lead a flood yourself, or let a story play and be judged.

    A story ends with 1 when something went otherwise than its tables say.
    """
    if not headless:
        _lead(speed or LIVE_SPEED, seed, browser=not no_browser, as_json=as_json)
        return
    speed, quiet = speed or STORY_SPEED, as_json or not sys.stdout.isatty()
    logs.to_stderr(as_json=quiet, least=logging.WARNING)
    progress(f"{tint('EXERCISE', 'yellow')}  {scenario}, {speed:g} times faster than life, seed {seed}; Ctrl-C stops everything")
    result = asyncio.run(play(scenario, speed=speed, seed=seed, tell=_event if quiet else Teller(), store=store))
    well = result["result"] == "ok"
    if quiet:
        line(result)
    else:
        words(f"{tint(str(result['result']), 'green' if well else 'red'):<10}  messages arrived: {_counted(result['receivers'])}")
    ctx.exit(Exit.OK if well else Exit.FAILED)


def _lead(speed: float, seed: int, *, browser: bool, as_json: bool) -> None:
    from gateway.cli.lead import lead  # noqa: PLC0415 - pages and templates, which no story needs

    logs.to_stderr(as_json=as_json, least=logging.WARNING)
    asyncio.run(lead(speed, seed, browser=browser and sys.stdout.isatty(), as_json=as_json))


def _event(event: str, facts: Mapping[str, object]) -> None:
    line({"event": event, **facts})


class Teller:
    """Tells the story to a person: every text, the first CAP document whole, of the others the headlines."""

    def __init__(self) -> None:
        """Begin with nothing shown."""
        self._shown: set[object] = set()

    def __call__(self, event: str, facts: Mapping[str, object]) -> None:
        """Tell one event."""
        words(f"{tint(f'{event:<9}', COLOURS.get(event, 'cyan'))} {facts['text']}")
        for line_ in (*_texts(facts.get("texts")), *self._document(facts), *_network(facts)):
            words(f"{'':<9} {line_}")

    def _document(self, facts: Mapping[str, object]) -> Iterator[str]:
        receiver, body, headlines = facts.get("receiver"), str(facts.get("body", "")), facts.get("headlines")
        if body.startswith("<") and receiver not in self._shown:
            self._shown.add(receiver)
            yield from (_short(line_) for line_ in body.rstrip().splitlines())
        elif isinstance(headlines, Mapping):
            yield from (f"[{language}] {headline}" for language, headline in headlines.items())


def _texts(texts: object) -> Iterator[str]:
    for language, told in texts.items() if isinstance(texts, Mapping) else ():
        yield from (
            f"[{language}] {line_}" if first else f"{'':<{len(language) + 2}} {line_}" for first, line_ in _numbered(told)
        )


def _numbered(told: Sequence[str]) -> Iterator[tuple[bool, str]]:
    return ((number == 0, line_) for number, line_ in enumerate(told))


def _network(facts: Mapping[str, object]) -> Iterator[str]:
    for name in ("stops", "routes"):
        touched = facts.get(name)
        if isinstance(touched, list) and touched:
            yield f"{name}: {', '.join(touched)}"


def _short(line_: str) -> str:
    return line_ if len(line_) <= WIDTH else f"{line_[:WIDTH]} ... ({len(line_)} characters)"


def _counted(receivers: object) -> str:
    counts = receivers if isinstance(receivers, Mapping) else {}
    return ", ".join(f"{count} at {name}" for name, count in counts.items())
