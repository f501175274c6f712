"""Where the gateway's own log goes: to stderr, as lines for people or for machines."""

import logging
import os
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


class Whatever:
    """Writes lines as long as somebody takes them: a full disk or a reader that died must stop no alert."""

    def __init__(self, out: TextIO) -> None:
        """Write there."""
        self._out = out

    def write(self, text: str) -> int:
        """Write, or not."""
        with suppress(OSError, ValueError):
            self._out.write(text)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written, or not."""
        with suppress(OSError, ValueError):
            self._out.flush()


def to_stderr(*, as_json: bool, least: int = logging.INFO) -> None:
    """Log what is at least that grave to stderr from now on; in colours only to a terminal that did not ask for NO_COLOR."""
    colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    plain = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=False),
            *([structlog.processors.format_exc_info, structlog.processors.JSONRenderer()] if as_json else [plain]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Whatever(sys.stderr))),
    )
