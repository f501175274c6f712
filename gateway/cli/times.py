"""Times as options."""

from datetime import datetime

import click


class Time(click.ParamType[datetime]):
    """A time with its offset from UTC, as RFC 3339 has it."""

    name = "time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the aware time, or say what a usable one looks like."""
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time; write it as 2026-07-14T18:20:00+09:00.", param, ctx)
        if at.utcoffset() is None:
            self.fail(f"{value!r} has no offset from UTC; write it as 2026-07-14T18:20:00+09:00.", param, ctx)
        return at
