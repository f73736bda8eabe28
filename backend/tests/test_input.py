"""Whatever a request brings is kept as the text it is, or refused: never a fault of ours."""

import asyncio
import json
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
import pytest

from conftest import Connect
from issuer import SigningKey
from streams import listening
from todo.app import create_app
from todo.body import LARGEST_BODY
from todo.settings import Settings

MEDIA = {"Content-Type": "application/json"}
SOMEBODY = "e3e70682-c209-4cac-a29f-6fbed82c07cd"
BODIES = [
    ("POST", "/api/todos", "title"),
    ("PATCH", f"/api/todos/{SOMEBODY}", "title"),
    ("POST", "/api/todos/restore", "ids"),
    ("POST", "/api/chat", "message"),
]
TEXTS = [
    "'; DROP TABLE todo; --",
    "x' OR '1'='1",
    '"; DELETE FROM "todo" WHERE "a"="a',
    "%s %(title)s :title $1 {0} ${jndi:ldap://x} {{7*7}}",
    "100% _under_ \\back\\slash\\",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>&amp;&lt;",
    "](javascript:alert(1)) **bold** `code`",
    "../../etc/passwd",
    "NULL",
    "=cmd|' /C calc'!A0",
    "ω≈ç√∫ 中文 🐄 👩‍👩‍👧",
]


def assert_refused(answer: httpx2.Response, *statuses: int) -> None:
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path", "field"), BODIES)
async def test_a_long_body_is_refused_before_it_has_come(
    settings: Settings,
    key: SigningKey,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
    field: str,
) -> None:
    caplog.set_level("INFO", "todo.access")
    async with listening(create_app(settings), key.token()) as client:
        there = urlsplit(str(client.base_url))
        raw = socket.create_connection((there.hostname, there.port))
        # So that what was sent was mostly read.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST_BODY)
        reader, writer = await asyncio.open_connection(sock=raw)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key.token()}\r\n"
            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        writer.write(head.encode() + b'a\r\n{"%b":"\r\n' % field[:5].ljust(5).encode())
        sent, all_of_it = 0, 10 * 1024 * 1024
        # The answer is lost to whoever still sends when the connection is closed.
        with suppress(ConnectionError):
            while sent < all_of_it:
                writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
                await writer.drain()
                sent += 0x4000
            await reader.read()
        writer.close()
    assert f"{method} {path} 413" in caplog.text
    assert sent < all_of_it


@pytest.mark.parametrize(("method", "path", "field"), BODIES)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b'{"%s": "\xff"}',
        b'{"%s": "\xed\xa0\x80"}',
        b'{"%s": "\\ud800"}',
        b'{"%s": "\\u0000"}',
        b'{"%s": "x"',
        b'{"%s": NaN}',
        b'{"%s": 1e999}',
        b'{"%s": ' + b"9" * 5000 + b"}",
        b'{"%s": null}',
        b'{"%s": {"$gt": ""}}',
        b'{"%s": "x", "user_id": "bob"}',
        b'{"__proto__": {"%s": "x"}}',
        b'["%s"]',
        b'"%s"',
        b"[" * 30_000,
        b'{"%s":' * 5_000,
        b'{"%s":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    ],
    ids=lambda value: repr(value)[2:40],
)
async def test_a_body_that_is_none_is_refused(
    alice: httpx2.AsyncClient, method: str, path: str, field: str, body: bytes
) -> None:
    content = body.replace(b"%s", field.encode())[:LARGEST_BODY]
    assert_refused(await alice.request(method, path, content=content, headers=MEDIA), 400, 422)


@pytest.mark.parametrize(("method", "path", "field"), BODIES)
async def test_many_unknown_fields_are_too_much(
    alice: httpx2.AsyncClient, method: str, path: str, field: str
) -> None:
    body = {field: "x"} | {f"key-{n}": n for n in range(20_000)}
    assert_refused(await alice.request(method, path, json=body), 413)


@pytest.mark.parametrize("text", TEXTS)
async def test_text_is_kept_as_it_is(connect: Connect, text: str) -> None:
    alice, bob = connect("alice"), connect("bob")
    theirs = (await bob.post("/api/todos", json={"title": "milk"})).json()
    todo = (await alice.post("/api/todos", json={"title": text})).json()
    assert todo["title"] == text
    path = f"/api/todos/{todo['id']}"
    assert (await alice.patch(path, json={"title": f"{text}!"})).json()["title"] == f"{text}!"
    for search in (text, text.upper(), *text.split()):
        found = await alice.get("/api/todos", params={"search": search})
        # A number and a tag are looked for as such.
        assert found.status_code == 200
        assert [one["id"] for one in found.json()] in ([todo["id"]], [])
    assert [one["id"] for one in (await alice.get("/api/todos", params={"search": text})).json()]
    said = (await alice.post("/api/chat", json={"message": f"add {text}"})).json()
    assert said["actions"][0]["todo"]["title"] == text
    kept = (await alice.get(f"/api/conversations/{said['conversation_id']}")).json()
    assert [one["content"] for one in kept["messages"]] == [f"add {text}", f"Added 2: {text}"]
    assert (await bob.get("/api/todos")).json() == [theirs]


@pytest.mark.parametrize("text", [text for text in TEXTS if " " not in text and "," not in text])
async def test_a_tag_is_kept_as_it_is_or_refused(alice: httpx2.AsyncClient, text: str) -> None:
    answer = await alice.post("/api/todos", json={"title": "x", "tags": [text]})
    assert answer.status_code in {201, 422}
    if answer.status_code == 201:
        assert answer.json()["tags"] == [text.lower()]
        found = await alice.get("/api/todos", params={"tag": text})
        assert [one["id"] for one in found.json()] == [answer.json()["id"]]


@pytest.mark.parametrize("text", TEXTS)
async def test_a_key_is_kept_as_it_is_or_refused(alice: httpx2.AsyncClient, text: str) -> None:
    headers: Any = {"Idempotency-Key": text.encode()}
    answers = [
        await alice.post("/api/todos", json={"title": "x"}, headers=headers) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert {answer.status_code for answer in answers} in ({201}, {422})
    assert len((await alice.get("/api/todos")).json()) == (answers[0].status_code == 201)
    read = await alice.get(f"/api/chat/answers/{quote(f'{text}!', safe='')}")
    assert_refused(read, 404, 422)


@pytest.mark.parametrize("text", [*TEXTS, "\x00", "\ud800", "\x1b[2J", "x" * 50_000])
@pytest.mark.parametrize(
    "path",
    [
        "/api/todos?search={}",
        "/api/todos?tag={}",
        "/api/todos?sort={}",
        "/api/todos?limit={}",
        "/api/todos?cursor={}",
        "/api/todos?completed={}",
        "/api/conversations?cursor={}",
        "/api/conversations/{}",
        "/api/chat/answers/{}",
        "/api/todos/{}/restore",
    ],
)
async def test_an_address_is_answered_or_refused(
    alice: httpx2.AsyncClient, path: str, text: str
) -> None:
    written = quote(text.encode(errors="surrogatepass"), safe="")
    answer = await alice.get(path.format(written))
    assert answer.status_code < 500
    if answer.status_code == 200:
        assert json.loads(answer.text) in ([], {"todos": [], "next_cursor": None})
