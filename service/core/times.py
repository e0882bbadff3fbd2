"""Times as free-form JSON has them: texts of RFC 3339, and its shorter forms, which are in UTC.

``2024-03-02T10:00:00.5+01:00``, ``2024-03-02 10:00:00``, ``2024-03-02 10:00``, ``2024-03-02``.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from service.core.attributes import DATETIME_LENGTH

# PostgreSQL reads it as well: year, month, day, hour, minute, second, fraction, offset. Whether the
# month has the day is to be seen afterwards.
PATTERN = (
    "(?!0000)([0-9]{4})-(0?[1-9]|1[0-2])-(0?[1-9]|[12][0-9]|3[01])"
    "(?:[Tt ]([01]?[0-9]|2[0-3]):([0-5]?[0-9])"
    "(?::([0-5]?[0-9]|60)([.][0-9]+)?([Zz]|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)?)?)?"
)
TIME = re.compile(PATTERN)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400
# of a fraction of a second, more digits are passed over
DIGITS = 9


def read_time(text: str) -> Decimal | None:
    """Seconds since 1970, exact to the nanosecond; None for what is no time."""
    found = TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        days = date(int(year), int(month), int(day)).toordinal() - EPOCH.toordinal()
    except ValueError:
        return None
    seconds = days * DAY + 3600 * int(hour or 0) + 60 * int(minute or 0) + int(second or 0)
    return seconds + Decimal("0" + (fraction or "")[: DIGITS + 1]) - offset_of(offset)


def offset_of(text: str | None) -> int:
    """Seconds by which local time is ahead of UTC."""
    if text is None or text in "Zz":
        return 0
    digits = text[1:].replace(":", "")
    ahead = 3600 * int(digits[:2]) + 60 * int(digits[2:] or 0)
    return -ahead if text[0] == "-" else ahead


def stored_time(seconds: Decimal) -> str | None:
    """The time as attributes of type ``datetime`` are stored; None outside the years 1 to 9999."""
    whole = math.floor(seconds)
    try:
        moment = EPOCH + timedelta(seconds=whole)
    except OverflowError:
        return None
    nanoseconds = int((seconds - whole) * 10**DIGITS)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z".zfill(DATETIME_LENGTH)
