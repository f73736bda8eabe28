"""Who a request comes from: the `sub` of a token that the front end signed."""

import hashlib
import time
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from todo.keys import KeySet, UnknownKeyError

# The only one accepted: a token does not choose how it is checked.
_ALGORITHM = "EdDSA"
_LEEWAY = 10
# Tokens that are remembered as checked: the front end has one for each user at a time.
_MOST_CHECKED = 10_000


class UnauthorizedError(Exception):
    """The token does not prove who sent it. Its text may be told to the sender."""


@dataclass(frozen=True, slots=True)
class User:
    """A signed-in user, and when their token was made, in seconds since 1970."""

    id: str
    issued_at: float = 0


@dataclass(frozen=True, slots=True)
class _Checked:
    """A token that held: for whom, by which key, and until when by the clock."""

    user: User
    kid: str
    key: Ed25519PublicKey
    until: float


class Authenticator:
    """Checks tokens against the front end's keys, issuer and audience.

    A token that held is not checked again until it expires or the keys were fetched anew, so that
    a withdrawn key counts for no longer. What its user may still do is not kept here.
    """

    def __init__(self, keys: KeySet, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._checked: dict[bytes, _Checked] = {}

    async def user(self, token: str) -> User:
        """Give the user that a token names.

        Raises UnauthorizedError for a token that does not hold, and KeysUnavailableError when
        that cannot be found out.
        """
        # Every byte of the token is in the digest, and one that is long takes no more room.
        digest = hashlib.sha256(token.encode()).digest()
        try:
            known = self._checked.get(digest)
            if known and time.time() < known.until and await self._keys.get(known.kid) is known.key:
                return known.user
            checked = await self._check(token)
        except jwt.ExpiredSignatureError:
            raise UnauthorizedError("the token has expired") from None
        except jwt.InvalidAudienceError:
            raise UnauthorizedError("the token is for another audience") from None
        except jwt.InvalidIssuerError:
            raise UnauthorizedError("the token is from another issuer") from None
        except (jwt.InvalidTokenError, UnknownKeyError):
            raise UnauthorizedError("the token is not valid") from None
        self._remember(digest, checked)
        return checked.user

    async def _check(self, token: str) -> _Checked:
        header = jwt.get_unverified_header(token)
        kid = header.get("kid")
        if header.get("alg") != _ALGORITHM or not isinstance(kid, str):
            raise UnauthorizedError("the token is not signed the way it must be")
        key = await self._keys.get(kid)
        claims = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=self._audience,
            issuer=self._issuer,
            leeway=_LEEWAY,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
        # Postgres has no way to store a NUL or half of a surrogate pair.
        if not claims["sub"] or not claims["sub"].isprintable():
            raise UnauthorizedError("the token names no user")
        user = User(claims["sub"], claims.get("iat", 0))
        return _Checked(user, kid, key, int(claims["exp"]) + _LEEWAY)

    def _remember(self, digest: bytes, checked: _Checked) -> None:
        # Taken out first, so that the order is that of the checks.
        self._checked.pop(digest, None)
        self._checked[digest] = checked
        if len(self._checked) > _MOST_CHECKED:
            del self._checked[next(iter(self._checked))]
