"""Each line of the log is one JSON object, and holds no secret however it came in."""

import json
import logging

import pytest

from todo.logs import JsonFormatter

SECRET = "p@ss/word"


def line(message: str, *args: object, error: Exception | None = None, **extra: object) -> str:
    record = logging.makeLogRecord(
        {
            "msg": message,
            "args": args,
            "levelname": "WARNING",
            "exc_info": (type(error), error, None) if error else None,
            **extra,
        }
    )
    return JsonFormatter([SECRET, f"postgresql+asyncpg://u:{SECRET}@db/todo"]).format(record)


@pytest.mark.parametrize(
    "logged",
    [
        line(f"password is {SECRET}"),
        line("password is %s", SECRET),
        line("url is %s", "postgres://u:p%40ss%2Fword@db"),
        line("failed", error=ValueError(f"no {SECRET}")),
        line("failed", detail={"password": SECRET}),
        line("failed", url=f"postgresql+asyncpg://u:{SECRET}@db/todo"),
    ],
)
def test_a_secret_is_masked(logged: str) -> None:
    assert SECRET not in logged
    assert "p%40ss" not in logged
    assert "***" in json.loads(logged).__str__()


def test_a_message_of_several_lines_stays_one_line() -> None:
    logged = line("first\nsecond", error=ValueError("third\nfourth"), status=200)
    assert "\n" not in logged
    assert json.loads(logged)["message"] == "first\nsecond"
    assert json.loads(logged)["level"] == "warning"
    assert json.loads(logged)["status"] == 200
