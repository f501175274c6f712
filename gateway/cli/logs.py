"""Where the gateway's own log goes: to stderr, as lines for people or for machines."""

import logging
import os
import sys

import structlog


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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
