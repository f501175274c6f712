"""`bongsu serve`: the gateway of a city, until it is told to stop."""

import asyncio
import gc
import signal
from pathlib import Path

import click

from gateway.cli import logs, opening
from gateway.cli.city import faults
from gateway.cli.say import as_json, grave, progress, show, tint
from gateway.fault import Fault, Faults
from gateway.service import Service

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@click.command()
@opening.city
@click.option("--host", help="Listen on this address instead of the one in city.toml.")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port instead; 0 takes a free one.")
@as_json
def serve(folder: Path, host: str | None, port: int | None, *, as_json: bool) -> None:
    """Run the gateway of a city; SIGTERM or Ctrl-C stops it when what is under way is finished."""
    if grave(found := faults(folder)):
        raise Faults(found)
    logs.to_stderr(as_json=as_json)
    try:
        asyncio.run(_serve(folder, host, port, as_json=as_json))
    except (OSError, ExceptionGroup) as error:
        _unusable(error)
        raise


def _unusable(error: Exception) -> None:
    """Say so where the one thing that went wrong is the address; a service that fails while it starts fails as a group."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, OSError):
        message = f"nothing can listen there: {error.strerror or error}"
        raise Fault("address-unusable", message, hint="choose another --host or --port") from None


async def _serve(folder: Path, host: str | None, port: int | None, *, as_json: bool) -> None:
    stopped = _signalled()
    async with Service.open(folder, host=host, port=port) as service:
        settings = service.settings
        mode, name = settings.mode.value.upper(), settings.name[settings.languages[0]]
        told = {"mode": mode, "city": settings.code, "url": service.url}
        _leave_the_city_alone()
        show(told, f"{tint(mode, 'yellow')}  {name}  {service.url}", as_json=as_json)
        await stopped.wait()
        progress("stopping, when what is under way is finished; once more to stop at once")


def _leave_the_city_alone() -> None:
    """Whatever is there by now stays; the collector of garbage need not walk through a whole city while alerts wait."""
    gc.collect()
    gc.freeze()


def _signalled() -> asyncio.Event:
    """Return what is set by the first signal; the second one does what it always does."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        stopped.set()
        for one in SIGNALS:
            loop.remove_signal_handler(one)

    for one in SIGNALS:
        loop.add_signal_handler(one, stop)
    return stopped
