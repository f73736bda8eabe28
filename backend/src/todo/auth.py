"""Who is asking: tokens of the front end, checked against its published keys."""

import asyncio
import time
from typing import Annotated, Any

import httpx
import jwt
from fastapi import Depends, HTTPException, Request, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

ALGORITHM = "EdDSA"
"""What Better Auth's JWT plugin signs with. Nothing else is accepted, whatever a token's header says."""

LEEWAY_SECONDS = 10
"""How far the two clocks may be apart."""

REFETCH_SECONDS = 10.0
"""How often at most an unknown key id makes us ask for the keys again."""


class KeysUnavailableError(Exception):
    """The front end did not give its keys."""


class KeySet:
    """The front end's public keys, kept until a token names one that is not among them."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url
        self._client = client
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = float("-inf")
        self._lock = asyncio.Lock()

    async def key(self, kid: str) -> jwt.PyJWK | None:
        """Gives the key with that id, or None when the front end has no such key.

        Raises:
            KeysUnavailableError: when the keys are needed and cannot be had.

        """
        if kid not in self._keys:
            async with self._lock:
                # Another request may have fetched them meanwhile; a made-up id must not make each request fetch.
                if kid not in self._keys and time.monotonic() - self._fetched > REFETCH_SECONDS:
                    await self._fetch()
        return self._keys.get(kid)

    async def _fetch(self) -> None:
        try:
            response = await self._client.get(self._url)
            response.raise_for_status()
            keys = response.json()["keys"]
            self._keys = {
                key["kid"]: jwt.PyJWK(key, algorithm=ALGORITHM)
                for key in keys
                if key.get("kty") == "OKP" and key.get("crv") == "Ed25519"
            }
        except (httpx.HTTPError, ValueError, KeyError, TypeError, jwt.PyJWKError) as error:
            raise KeysUnavailableError(f"{self._url}: {type(error).__name__}") from error
        self._fetched = time.monotonic()


class Verifier:
    """Checks a token's signature, issuer, audience and expiry."""

    def __init__(self, keys: KeySet, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    async def user_id(self, token: str) -> str:
        """Gives the user whom the token is for.

        Raises:
            jwt.InvalidTokenError: when the token does not hold.
            KeysUnavailableError: when it cannot be told.

        """
        header = jwt.get_unverified_header(token)
        if header.get("alg") != ALGORITHM:
            raise jwt.InvalidAlgorithmError
        key = await self._keys.key(str(header.get("kid", "")))
        if key is None:
            raise jwt.InvalidKeyError
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
        if not claims["sub"]:
            raise jwt.InvalidSubjectError
        return str(claims["sub"])


_bearer = HTTPBearer(auto_error=False, description="A token of the front end's /api/auth/token")


async def _user_id(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> str:
    refused = HTTPException(
        status.HTTP_401_UNAUTHORIZED, "Sign in again.", {"WWW-Authenticate": "Bearer"}
    )
    if credentials is None:
        raise refused
    verifier: Verifier = request.app.state.verifier
    try:
        return await verifier.user_id(credentials.credentials)
    except jwt.PyJWTError:
        raise refused from None
    except KeysUnavailableError as error:
        raise HTTPException(
            status.HTTP_503_SERVICE_UNAVAILABLE, "The front end's keys cannot be read."
        ) from error


UserId = Annotated[str, Depends(_user_id)]
