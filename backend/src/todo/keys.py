"""The front end's public keys, kept while they are fresh."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm
from jwt.exceptions import InvalidKeyError

_log = logging.getLogger(__name__)


class KeysUnavailableError(Exception):
    """The keys cannot be had now, so no token can be judged."""


class UnknownKeyError(Exception):
    """The front end publishes no key of that id."""


class KeySet:
    """Ed25519 keys by id, from a JWKS document.

    Made-up key ids cost the front end nothing: between two fetches lie at least `pause` seconds
    (`retry` after one that failed), whatever is asked. Keys older than `fresh` are fetched again,
    so that a withdrawn key stops counting; while that fails they are still used until they are
    `stale` seconds old, so that a front end that restarts does not sign everybody out.
    """

    def __init__(
        self,
        client: httpx2.AsyncClient,
        url: str,
        *,
        pause: float = 5,
        retry: float = 1,
        fresh: float = 600,
        stale: float = 3600,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._url = url
        self._pause = pause
        self._retry = retry
        self._fresh = fresh
        self._stale = stale
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: Mapping[str, Ed25519PublicKey] = {}
        self._fetched = -float("inf")
        self._next = -float("inf")
        self._failed = False

    async def get(self, kid: str) -> Ed25519PublicKey:
        """Give the key of that id.

        Raises UnknownKeyError, or KeysUnavailableError when the front end does not answer.
        """
        if not self._good_for(kid):
            async with self._lock:
                # Another request may have fetched while this one waited.
                if not self._good_for(kid) and self._clock() >= self._next:
                    await self._refresh()
        if self._age > self._stale:
            raise KeysUnavailableError
        if key := self._keys.get(kid):
            return key
        # A key that could not be looked up may exist: the sender is not to blame.
        raise KeysUnavailableError if self._failed else UnknownKeyError

    @property
    def _age(self) -> float:
        return self._clock() - self._fetched

    def _good_for(self, kid: str) -> bool:
        return kid in self._keys and self._age <= self._fresh

    async def _refresh(self) -> None:
        try:
            response = await self._client.get(self._url)
            response.raise_for_status()
            self._keys = _read(response.json())
        except (httpx2.HTTPError, ValueError) as error:
            self._failed = True
            reason = f"{type(error).__name__}: {error}".split("\n", maxsplit=1)[0]
            _log.warning("no keys from %s: %s", self._url, reason)
        else:
            self._failed = False
            self._fetched = self._clock()
        self._next = self._clock() + (self._retry if self._failed else self._pause)


def _read(document: object) -> dict[str, Ed25519PublicKey]:
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("not a JWKS document")  # noqa: TRY004 - a value from outside
    keys = {}
    for entry in document["keys"]:
        # A set may hold keys for other purposes; they are no business of ours.
        if not isinstance(entry, dict) or entry.get("crv") != "Ed25519":
            continue
        try:
            key = OKPAlgorithm.from_jwk(entry)
        except (InvalidKeyError, TypeError, ValueError):
            continue
        if isinstance(key, Ed25519PublicKey) and isinstance(entry.get("kid"), str):
            keys[entry["kid"]] = key
    return keys
