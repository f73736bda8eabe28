"""Only a token that the front end signed, for this backend and for now, lets anybody in."""

import time
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import Mock

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conftest import PATIENCE
from issuer import AUDIENCE, ISSUER, JwksServer, SigningKey
from todo.auth import Authenticator, UnauthorizedError, User
from todo.keys import KeySet, KeysUnavailableError

NOW = int(time.time())
CLAIMS: dict[str, Any] = {"sub": "alice", "iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 900}


async def ask(client: httpx2.AsyncClient, token: str) -> httpx2.Response:
    return await client.get("/api/todos", headers={"Authorization": f"Bearer {token}"})


async def test_a_good_token_lets_in(anyone: httpx2.AsyncClient, key: SigningKey) -> None:
    assert (await ask(anyone, key.token())).status_code == 200


async def test_clocks_may_differ_a_little(anyone: httpx2.AsyncClient, key: SigningKey) -> None:
    now = int(time.time())
    assert (await ask(anyone, key.token(exp=now - 2))).status_code == 200
    assert (await ask(anyone, key.token(iat=now + 2))).status_code == 200


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"exp": -60}, "the token has expired"),
        ({"exp": None}, "the token is not valid"),
        ({"iss": "http://evil.example"}, "the token is from another issuer"),
        ({"iss": ISSUER + "/"}, "the token is from another issuer"),
        ({"iss": None}, "the token is not valid"),
        ({"aud": "another"}, "the token is for another audience"),
        ({"aud": None}, "the token is not valid"),
        ({"subject": None}, "the token is not valid"),
        ({"subject": ""}, "the token names no user"),
        ({"nbf": 600}, "the token is not valid"),
        ({"iat": 600}, "the token is not valid"),
    ],
    ids=str,
)
async def test_wrong_claims_are_refused(
    anyone: httpx2.AsyncClient, key: SigningKey, changes: dict[str, Any], detail: str
) -> None:
    # Times are seconds from now: a test has the same name in every process that collects it.
    claims = {
        name: NOW + value if isinstance(value, int) else value for name, value in changes.items()
    }
    answer = await ask(anyone, key.token(**claims))
    assert answer.status_code == 401
    assert answer.json()["detail"] == detail
    assert answer.headers["www-authenticate"] == "Bearer"


def forgeries(key: SigningKey) -> dict[str, str]:
    good = key.token()
    head, body, signature = good.split(".")
    public = key.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    stranger = SigningKey()
    stranger.kid = key.kid
    swapped = key.token("mallory").split(".")[1]
    return {
        "no signature": f"{head}.{body}.",
        "algorithm none": jwt.encode(CLAIMS, "", "none", headers={"kid": key.kid}),
        "public key as HMAC secret": jwt.encode(CLAIMS, public, "HS256", headers={"kid": key.kid}),
        "another's key under our id": stranger.token(),
        "an unpublished key": SigningKey().token(),
        "no key id": jwt.encode(CLAIMS, key.private, "EdDSA"),
        "another's claims": f"{head}.{swapped}.{signature}",
        "not a token": "abc",
        "nothing": "",
    }


@pytest.mark.parametrize("name", forgeries(SigningKey()))
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_forgeries_are_refused(
    anyone: httpx2.AsyncClient, key: SigningKey, name: str
) -> None:
    assert (await ask(anyone, forgeries(key)[name])).status_code == 401


class Clock:
    """The time of day, which a test moves; `looks` counts the tokens that were looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        self._look = Mock(wraps=jwt.decode)
        monkeypatch.setattr("todo.auth.jwt.decode", self._look)
        monkeypatch.setattr("todo.auth.time.time", lambda: NOW + self.ahead)

    @property
    def looks(self) -> int:
        return self._look.call_count


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
async def keys(jwks: JwksServer) -> AsyncIterator[KeySet]:
    async with httpx2.AsyncClient(timeout=PATIENCE) as client:
        yield KeySet(client, jwks.url, pause=0, fresh=PATIENCE)


@pytest.fixture
def authenticator(keys: KeySet) -> Authenticator:
    return Authenticator(keys, issuer=ISSUER, audience=AUDIENCE)


async def test_a_token_is_looked_at_once(
    authenticator: Authenticator, key: SigningKey, clock: Clock
) -> None:
    token = key.token(iat=NOW)
    assert {await authenticator.user(token) for _ in range(3)} == {User("alice", NOW)}
    assert clock.looks == 1
    assert await authenticator.user(key.token("bob", iat=NOW)) == User("bob", NOW)
    assert clock.looks == 2


async def test_a_token_that_was_good_expires_all_the_same(
    authenticator: Authenticator, key: SigningKey, clock: Clock
) -> None:
    token = key.token(exp=NOW + 900)
    # Ten seconds more, since clocks may differ.
    for clock.ahead in (0, 909.9):
        await authenticator.user(token)
    assert clock.looks == 1
    clock.ahead = 910
    await authenticator.user(token)
    assert clock.looks == 2


@pytest.mark.parametrize("part", [0, 1, 2])
async def test_what_resembles_a_good_token_is_looked_at(
    authenticator: Authenticator, key: SigningKey, part: int
) -> None:
    token = key.token()
    await authenticator.user(token)
    parts, others = token.split("."), key.token("mallory", exp=NOW + 60).split(".")
    parts[part] = {0: parts[0].swapcase(), 1: others[1], 2: others[2]}[part]
    with pytest.raises(UnauthorizedError):
        await authenticator.user(".".join(parts))


async def test_a_good_token_of_a_withdrawn_key_is_refused(
    jwks: JwksServer, key: SigningKey
) -> None:
    async with httpx2.AsyncClient(timeout=PATIENCE) as client:
        now = 0.0
        keys = KeySet(client, jwks.url, clock=lambda: now)
        authenticator = Authenticator(keys, issuer=ISSUER, audience=AUDIENCE)
        token = key.token()
        await authenticator.user(token)
        jwks.publish(SigningKey())
        now = 599
        assert await authenticator.user(token)
        now = 601
        with pytest.raises(UnauthorizedError):
            await authenticator.user(token)
        # Another key under the same id is another key.
        stranger = SigningKey()
        stranger.kid = key.kid
        jwks.publish(stranger)
        now = 1300
        with pytest.raises(UnauthorizedError):
            await authenticator.user(token)


async def test_a_good_token_is_worth_nothing_once_the_keys_are_stale(
    jwks: JwksServer, key: SigningKey
) -> None:
    async with httpx2.AsyncClient(timeout=PATIENCE) as client:
        now = 0.0
        keys = KeySet(client, jwks.url, clock=lambda: now)
        authenticator = Authenticator(keys, issuer=ISSUER, audience=AUDIENCE)
        await authenticator.user(key.token())
        jwks.status = 500
        now = 3601
        with pytest.raises(KeysUnavailableError):
            await authenticator.user(key.token())


async def test_tokens_are_not_remembered_without_end(
    authenticator: Authenticator, key: SigningKey, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("todo.auth._MOST_CHECKED", 3)
    tokens = [key.token(f"user-{number}") for number in range(5)]
    for token in tokens:
        await authenticator.user(token)
    assert len(authenticator._checked) == 3
    for token in tokens[2:]:
        await authenticator.user(token)
    assert clock.looks == 5
    await authenticator.user(tokens[0])
    assert clock.looks == 6


async def test_what_does_not_hold_is_not_remembered(
    authenticator: Authenticator, key: SigningKey
) -> None:
    for token in forgeries(key).values():
        with pytest.raises(UnauthorizedError):
            await authenticator.user(token)
    assert not authenticator._checked


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/todos"),
        ("POST", "/api/todos"),
        ("PATCH", "/api/todos/00000000-0000-0000-0000-000000000000"),
        ("DELETE", "/api/todos/00000000-0000-0000-0000-000000000000"),
        ("POST", "/api/chat"),
        ("DELETE", "/api/me"),
    ],
)
async def test_every_route_needs_a_token(
    anyone: httpx2.AsyncClient, method: str, path: str
) -> None:
    for headers in ({}, {"Authorization": "Basic YWxpY2U6YWxpY2U="}):
        answer = await anyone.request(method, path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unreachable_front_end_is_no_fault_of_the_user(
    anyone: httpx2.AsyncClient, key: SigningKey, jwks: JwksServer
) -> None:
    jwks.status = 500
    answer = await ask(anyone, key.token())
    assert answer.status_code == 503
    assert "front end does not answer" in answer.json()["detail"]
    assert answer.headers["retry-after"]
