"""Keys are fetched when needed, and only as often as the front end can bear."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from conftest import PATIENCE
from issuer import JwksServer, SigningKey
from todo.keys import KeySet, KeysUnavailableError, UnknownKeyError


class Clock:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def keys(jwks: JwksServer, clock: Clock) -> AsyncIterator[KeySet]:
    async with httpx2.AsyncClient(timeout=PATIENCE) as client:
        yield KeySet(client, jwks.url, clock=clock)


async def test_a_key_is_fetched_once(keys: KeySet, key: SigningKey, jwks: JwksServer) -> None:
    found = [await keys.get(key.kid) for _ in range(3)]
    assert found[0] == key.private.public_key()
    assert jwks.requests == 1


async def test_many_first_requests_share_one_fetch(
    keys: KeySet, key: SigningKey, jwks: JwksServer
) -> None:
    await asyncio.gather(*(keys.get(key.kid) for _ in range(50)))
    assert jwks.requests == 1


async def test_a_rotated_key_is_found(
    keys: KeySet, key: SigningKey, jwks: JwksServer, clock: Clock
) -> None:
    await keys.get(key.kid)
    new = SigningKey()
    jwks.publish(key, new)
    clock.now += 5
    assert await keys.get(new.kid) == new.private.public_key()


async def test_made_up_ids_do_not_hammer_the_front_end(
    keys: KeySet, key: SigningKey, jwks: JwksServer, clock: Clock
) -> None:
    await keys.get(key.kid)
    for number in range(100):
        clock.now += 0.1
        with pytest.raises(UnknownKeyError):
            await keys.get(f"made-up-{number}")
    assert jwks.requests <= 3


async def test_a_withdrawn_key_stops_counting(
    keys: KeySet, key: SigningKey, jwks: JwksServer, clock: Clock
) -> None:
    await keys.get(key.kid)
    jwks.publish(SigningKey())
    clock.now += 601
    with pytest.raises(UnknownKeyError):
        await keys.get(key.kid)


async def test_known_keys_outlast_an_outage_but_not_for_ever(
    keys: KeySet, key: SigningKey, jwks: JwksServer, clock: Clock
) -> None:
    await keys.get(key.kid)
    jwks.status = 500
    clock.now += 601
    assert await keys.get(key.kid)
    clock.now += 3600
    with pytest.raises(KeysUnavailableError):
        await keys.get(key.kid)


async def test_an_unknown_key_is_not_denied_while_keys_cannot_be_fetched(
    keys: KeySet, key: SigningKey, jwks: JwksServer, clock: Clock
) -> None:
    await keys.get(key.kid)
    jwks.status = 503
    clock.now += 10
    with pytest.raises(KeysUnavailableError):
        await keys.get("new")
    jwks.status = 200
    clock.now += 1
    with pytest.raises(UnknownKeyError):
        await keys.get("new")


@pytest.mark.parametrize("document", [[], {}, {"keys": None}, "keys", 1])
async def test_what_is_no_key_set_makes_keys_unavailable(
    keys: KeySet, jwks: JwksServer, document: object
) -> None:
    jwks.document = document
    with pytest.raises(KeysUnavailableError):
        await keys.get("any")


async def test_other_keys_in_the_set_are_passed_over(
    keys: KeySet, key: SigningKey, jwks: JwksServer
) -> None:
    broken = SigningKey().jwk | {"kid": "broken", "x": "AAAA"}
    private = SigningKey().jwk | {"kid": "no-x"}
    del private["x"]
    jwks.document = {
        "keys": [
            None,
            {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"},
            {"kty": "RSA", "kid": "rsa", "n": "AQAB", "e": "AQAB"},
            broken,
            private,
            {**SigningKey().jwk, "kid": 7},
            {**SigningKey().jwk, "kid": "odd", "x": 7},
            key.jwk,
        ]
    }
    assert await keys.get(key.kid)
    for kid in ("secret", "rsa", "broken", "no-x", "odd"):
        with pytest.raises(UnknownKeyError):
            await keys.get(kid)
