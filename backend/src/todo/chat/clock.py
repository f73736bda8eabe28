"""What time it is for the user, and which moment their words mean."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Self
from zoneinfo import ZoneInfo

from todo.schemas import bounded

# A day that is due without a time is due until its end.
_END_OF_DAY = time(23, 59)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORDS = re.compile(
    rf"(today|tomorrow|{'|'.join(_WEEKDAYS)}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})"
    r"(?:(?:\s+at)?\s+([0-9]{1,2})(?::([0-9]{2}))?\s*(am|pm)?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clock:
    """A user's time zone and the moment they said something in."""

    zone: tzinfo = UTC
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def of(cls, time_zone: str | None) -> Self:
        """Give the clock of a time zone, or of UTC when there is none of that name."""
        try:
            return cls(ZoneInfo(time_zone)) if time_zone else cls()
        except (KeyError, OSError, ValueError):
            return cls()

    def told(self) -> str:
        """Say what time it is."""
        local = self.now.astimezone(self.zone)
        return f"{local:%A}, {local:%Y-%m-%d %H:%M}, in the time zone {self.zone}"

    def shown(self, moment: datetime) -> str:
        """Give a moment as the user's clock shows it."""
        local = moment.astimezone(self.zone)
        end = (local.hour, local.minute) == (_END_OF_DAY.hour, _END_OF_DAY.minute)
        return f"{local:%Y-%m-%d}" if end else f"{local:%Y-%m-%d %H:%M}"

    def read(self, written: str) -> datetime:
        """Give the moment of a local date, with or without a time; raise ValueError."""
        moment = datetime.fromisoformat(written)
        if len(written) == len("2026-11-27"):
            moment = datetime.combine(moment, _END_OF_DAY)
        return bounded(moment if moment.tzinfo else moment.replace(tzinfo=self.zone))

    def understand(self, words: str) -> datetime:
        """Give the moment of "tomorrow at 5pm" and the like; raise ValueError."""
        match = _WORDS.fullmatch(words.strip())
        if not match:
            raise ValueError(words)
        day, hour, minute, half = match.groups()
        at = _END_OF_DAY if hour is None else _time(int(hour), int(minute or 0), half)
        return bounded(datetime.combine(self._day(day.lower()), at, self.zone))

    def _day(self, word: str) -> date:
        today = self.now.astimezone(self.zone).date()
        if word in {"today", "tomorrow"}:
            return today + timedelta(days=word == "tomorrow")
        if word in _WEEKDAYS:
            # Never today: who means that says so.
            ahead = (_WEEKDAYS.index(word) - today.weekday() - 1) % 7 + 1
            return today + timedelta(days=ahead)
        return date.fromisoformat(word)


def _time(hour: int, minute: int, half: str | None) -> time:
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    return time(hour, minute)
