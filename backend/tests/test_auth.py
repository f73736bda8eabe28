"""Only a token that the front end signed, for this backend and for now, lets anybody in."""

import time
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from issuer import AUDIENCE, ISSUER, JwksServer, SigningKey

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
        ({"exp": NOW - 60}, "the token has expired"),
        ({"exp": None}, "the token is not valid"),
        ({"iss": "http://evil.example"}, "the token is from another issuer"),
        ({"iss": ISSUER + "/"}, "the token is from another issuer"),
        ({"iss": None}, "the token is not valid"),
        ({"aud": "another"}, "the token is for another audience"),
        ({"aud": None}, "the token is not valid"),
        ({"subject": None}, "the token is not valid"),
        ({"subject": ""}, "the token names no user"),
        ({"nbf": NOW + 600}, "the token is not valid"),
        ({"iat": NOW + 600}, "the token is not valid"),
    ],
    ids=str,
)
async def test_wrong_claims_are_refused(
    anyone: httpx2.AsyncClient, key: SigningKey, changes: dict[str, Any], detail: str
) -> None:
    answer = await ask(anyone, key.token(**changes))
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
