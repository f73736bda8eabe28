"""A body ends somewhere, whoever sends it and to whatever it is sent."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from todo.body import LARGEST_BODY

PATHS = [
    ("POST", "/api/chat"),
    ("POST", "/api/todos"),
    ("PATCH", "/api/todos/1"),
    ("DELETE", "/api/me"),
    ("GET", "/health"),
    ("POST", "/nowhere"),
]
MEDIA = {"Content-Type": "application/json"}


class Body:
    """A body in pieces that counts those that were taken."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.pieces):
            self.taken += 1
            yield b" " * 1024


def assert_refused(answer: httpx2.Response) -> None:
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert answer.json()["detail"] == "the body is larger than 65536 bytes; send less at once"


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_a_body_that_says_how_long_it_is_is_refused_unread(
    anyone: httpx2.AsyncClient, method: str, path: str
) -> None:
    body = Body(150 * 1024)
    headers = {"Content-Length": str(150 * 1024 * 1024)}
    assert_refused(await anyone.request(method, path, content=body, headers=headers))
    assert body.taken <= 1


@pytest.mark.parametrize(("method", "path"), PATHS[:2])
async def test_a_body_that_does_not_say_it_is_refused_when_it_is_too_long(
    anyone: httpx2.AsyncClient, method: str, path: str
) -> None:
    body = Body(10 * 1024)
    assert_refused(await anyone.request(method, path, content=body, headers=MEDIA))
    assert body.taken <= LARGEST_BODY // 1024 + 2


async def test_the_largest_body_is_read(alice: httpx2.AsyncClient) -> None:
    body = b'{"title": "x"}'.ljust(LARGEST_BODY)
    assert (await alice.post("/api/todos", content=body, headers=MEDIA)).status_code == 201
    assert_refused(await alice.post("/api/todos", content=body + b" ", headers=MEDIA))


async def test_the_longest_message_fits_however_it_is_written(alice: httpx2.AsyncClient) -> None:
    body = b'{"message": "%s"}' % (b"\\ud83d\\udc04" * 4000)
    assert (await alice.post("/api/chat", content=body, headers=MEDIA)).status_code == 200
