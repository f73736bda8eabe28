"""Which moment a user's words mean, where they are."""

from datetime import UTC, datetime

import pytest

from todo.chat.clock import Clock

# A Thursday, and already Friday in Tokyo.
NOW = datetime(2026, 11, 26, 16, 30, tzinfo=UTC)


def clock(zone: str) -> Clock:
    return Clock(Clock.of(zone).zone, NOW)


@pytest.mark.parametrize(
    ("zone", "words", "moment"),
    [
        ("Europe/Berlin", "tomorrow at 5pm", "2026-11-27T16:00"),
        ("Asia/Tokyo", "tomorrow at 5pm", "2026-11-28T08:00"),
        ("America/New_York", "today 17:45", "2026-11-26T22:45"),
        ("UTC", "TODAY", "2026-11-26T23:59"),
        ("UTC", "today at 12am", "2026-11-26T00:00"),
        ("UTC", "today at 12 pm", "2026-11-26T12:00"),
        ("UTC", "friday at 9", "2026-11-27T09:00"),
        ("UTC", "thursday", "2026-12-03T23:59"),
        ("Asia/Tokyo", "friday", "2026-12-04T14:59"),
        ("Europe/Berlin", "2027-07-01 8:15", "2027-07-01T06:15"),
        ("Nowhere/Land", "tomorrow", "2026-11-27T23:59"),
    ],
)
def test_words_mean_a_moment(zone: str, words: str, moment: str) -> None:
    assert clock(zone).understand(words) == datetime.fromisoformat(f"{moment}Z")


@pytest.mark.parametrize(
    "words",
    ["", "soon", "today at 13pm", "today at 24:00", "2026-13-01", "2999-01-01", "0001-01-01"],
)
def test_other_words_mean_none(words: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, the user is told another thing
        clock("Asia/Tokyo").understand(words)


@pytest.mark.parametrize(
    ("written", "moment", "shown"),
    [
        ("2026-11-27T17:00", "2026-11-27T16:00", "2026-11-27 17:00"),
        ("2026-11-27", "2026-11-27T22:59", "2026-11-27"),
        ("2026-11-27T17:00:00Z", "2026-11-27T17:00", "2026-11-27 18:00"),
    ],
)
def test_what_a_model_writes_is_local_time(written: str, moment: str, shown: str) -> None:
    berlin = clock("Europe/Berlin")
    read = berlin.read(written)
    assert read == datetime.fromisoformat(f"{moment}Z")
    assert berlin.shown(read) == shown
    assert berlin.told() == "Thursday, 2026-11-26 17:30, in the time zone Europe/Berlin"
