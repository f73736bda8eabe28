"""Who a request comes from: the `sub` of a token that the front end signed."""

from dataclasses import dataclass

import jwt

from todo.keys import KeySet, UnknownKeyError

# The only one accepted: a token does not choose how it is checked.
_ALGORITHM = "EdDSA"
_LEEWAY = 10


class UnauthorizedError(Exception):
    """The token does not prove who sent it. Its text may be told to the sender."""


@dataclass(frozen=True, slots=True)
class User:
    """A signed-in user, and when their token was made, in seconds since 1970."""

    id: str
    issued_at: float = 0


class Authenticator:
    """Checks tokens against the front end's keys, issuer and audience."""

    def __init__(self, keys: KeySet, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    async def user(self, token: str) -> User:
        """Give the user that a token names.

        Raises UnauthorizedError for a token that does not hold, and KeysUnavailableError when
        that cannot be found out.
        """
        try:
            header = jwt.get_unverified_header(token)
            kid = header.get("kid")
            if header.get("alg") != _ALGORITHM or not isinstance(kid, str):
                raise UnauthorizedError("the token is not signed the way it must be")
            claims = jwt.decode(
                token,
                await self._keys.get(kid),
                algorithms=[_ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                leeway=_LEEWAY,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise UnauthorizedError("the token has expired") from None
        except jwt.InvalidAudienceError:
            raise UnauthorizedError("the token is for another audience") from None
        except jwt.InvalidIssuerError:
            raise UnauthorizedError("the token is from another issuer") from None
        except (jwt.InvalidTokenError, UnknownKeyError):
            raise UnauthorizedError("the token is not valid") from None
        # Postgres has no way to store a NUL or half of a surrogate pair.
        if not claims["sub"] or not claims["sub"].isprintable():
            raise UnauthorizedError("the token names no user")
        return User(claims["sub"], claims.get("iat", 0))
