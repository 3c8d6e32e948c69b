"""When a key that is done may be done anew: `again`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from robo.model.process import Kind
from robo.model.scalars import parse

DAY: Final = timedelta(days=1)


def again_after(said: str, moment: datetime) -> timedelta | None:
    """How long ago a key must have been done: None for `never`, zero for `each_run`.

    `moment`: now, in the region's zone. Whole days count by the calendar: what was done last Tuesday, at whatever hour,
    is done again from this Tuesday on."""
    if said == "never":
        return None
    if said == "each_run":
        return timedelta(0)
    duration: timedelta = parse(Kind.DURATION, said)
    if duration % DAY:
        return duration
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return duration - DAY + (moment - midnight)
