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


@pytest.mark.parametrize("word", ["todo", "info", "message"])
def test_a_password_that_is_a_word_masks_no_path(word: str) -> None:
    def said(message: str) -> dict[str, str]:
        record = logging.makeLogRecord(
            {"msg": message, "name": f"{word}.access", "levelname": "INFO"}
        )
        found: dict[str, str] = json.loads(JsonFormatter([word]).format(record))
        return found

    kept = f"GET /api/{word}s 200, GET /{word}/1, {word}.py, {word}-list, my{word}s"
    assert said(kept)["message"] == kept
    assert (said("x")["logger"], said("x")["level"]) == (f"{word}.access", "info")
    for told in ("postgres://u:{}@db/x", "password={}", "{{'secret': '{}'}}", "it is {}."):
        assert word not in said(told.format(word))["message"]
