"""What DATABASE_URL says, judged as the front end and a deployment judge it.

The table of all three is tests/database-urls.json.
"""

import re
import ssl
from dataclasses import dataclass
from unicodedata import category
from urllib.parse import unquote_to_bytes

from sqlalchemy.engine import URL

_SCHEME = "postgresql+asyncpg"
_EXAMPLE = f"{_SCHEME}://user:password@host:5432/todo"
_SPECIAL = (
    "cannot be read; percent-encode what is special in the user and the password "
    f"(/ is %2F, @ is %40, # is %23, ? is %3F, % is %25), as in {_EXAMPLE}"
)
_DATABASE = f"has to end in one database name after the host; write it like {_EXAMPLE}"
_QUERY = "cannot be read in what follows its ?; write it like ?ssl=require"
_OTHER_DRIVERS = {
    "postgres",
    "postgresql",
    "postgresql+psycopg",
    "postgresql+psycopg2",
    "postgresql+pg8000",
    _SCHEME,
}
_OTHER_DATABASES = {"mysql", "sqlite", "sqlite+aiosqlite", "mongodb", "mysql+aiomysql"}
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\]")
_TAKEN = ("ssl", "sslrootcert", "prepared_statement_cache_size")
# libpq's parameters and other clients': these are told by name, and anything else may be a secret.
# fmt: off
_OTHERS = {
    "application_name", "channel_binding", "client_encoding", "command_timeout",
    "connect_timeout", "connection_limit", "dbname", "direct_url", "fallback_application_name",
    "gssencmode", "host", "hostaddr", "keepalives", "keepalives_idle", "krbsrvname",
    "load_balance_hosts", "options", "passfile", "password", "pgbouncer", "pool_timeout",
    "port", "require_auth", "schema", "search_path", "server_settings", "service", "sslcert",
    "sslcrl", "sslkey", "sslnegotiation", "sslpassword", "sslsni", "statement_cache_size",
    "statement_timeout", "supa", "target_session_attrs", "tcp_user_timeout", "timeout", "user",
    "uselibpqcompat", "workaround",
}
# fmt: on


@dataclass(frozen=True, repr=False)
class DatabaseUrl:
    """A Postgres, and how much of TLS there is on the way to it."""

    host: str
    port: int
    user: str
    password: str
    database: str
    mode: str = "disable"
    """libpq's word: disable, require, verify-ca or verify-full."""
    root: str = ""
    """What holds the authority of the server's certificate: a file, or `system`."""
    prepared_statement_cache_size: str = ""

    @property
    def url(self) -> URL:
        """The same for SQLAlchemy, without TLS, which goes to the driver as `tls`."""
        size = self.prepared_statement_cache_size
        return URL.create(
            _SCHEME,
            self.user,
            self.password,
            self.host,
            self.port,
            self.database,
            {"prepared_statement_cache_size": size} if size else {},
        )

    def tls(self) -> ssl.SSLContext | bool:
        """Give asyncpg's argument `ssl`. Raise ValueError when the authority cannot be read."""
        if self.mode == "disable":
            return False
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = self.mode == "verify-full"
        if self.mode == "require":
            # Encrypted, and nothing verified: libpq's meaning of the word.
            context.verify_mode = ssl.CERT_NONE
            return context
        if self.root == "system":
            context.load_default_certs()
            return context
        try:
            context.load_verify_locations(self.root)
        except (OSError, ssl.SSLError):
            raise ValueError(
                f"names {self.root} as sslrootcert, which cannot be read or has no certificate; "
                "bring it into the pod as docs/managed-postgres.md says"
            ) from None
        return context


def parse_database_url(text: str) -> DatabaseUrl:
    """Read a URL. Raise ValueError with one line that holds no part of its password."""
    if re.search(r"\s", text):
        raise ValueError("has white space in it; give it as one word, and its file no line break")
    scheme, separator, rest = text.partition("://")
    if not separator:
        raise ValueError(f"must start with {_SCHEME}://: it is no URL; write it like {_EXAMPLE}")
    if scheme != _SCHEME:
        raise ValueError(_scheme_problem(scheme))
    main, asked, query = rest.partition("?")
    authority, _, path = main.partition("/")
    userinfo, has_user, place = authority.partition("@")
    if not has_user:
        userinfo, place = "", authority
    if "#" in rest or "@" in path or "@" in place or (not has_user and "@" in rest):
        raise ValueError(_SPECIAL)
    user, _, password = userinfo.partition(":")
    user, password = _decoded(user, _SPECIAL), _decoded(password, _SPECIAL)
    host, port = _place(place, user, password)
    if not path or "/" in path:
        raise ValueError(_DATABASE)
    given = _parameters(query) if asked else {}
    return DatabaseUrl(
        host,
        port,
        user,
        password,
        _decoded(path, _DATABASE),
        *_verified(given),
        given.get("prepared_statement_cache_size", ""),
    )


def _scheme_problem(scheme: str) -> str:
    # Only a known scheme is repeated: an unknown one may be anything pasted.
    must = f"must start with {_SCHEME}://"
    if scheme.lower() in _OTHER_DRIVERS:
        return f"{must}: change {scheme}:// to {_SCHEME}://"
    if scheme in _OTHER_DATABASES:
        return f"{must}: {scheme}:// is another database, and the application needs Postgres"
    return f"{must}: its scheme has to be {_SCHEME}, as in {_EXAMPLE}"


def _decoded(part: str, problem: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", part):
        raise ValueError(problem)
    try:
        text = unquote_to_bytes(part).decode()
    except UnicodeDecodeError:
        text = "\0"
    if any(category(character) == "Cc" for character in text):
        raise ValueError("has a character that is none of UTF-8's, or a control character")
    return text


def _place(place: str, user: str, password: str) -> tuple[str, int]:
    host, colon, port = place, "", ""
    if place.rfind(":") > place.rfind("]"):
        host, colon, port = place.rpartition(":")
    if not host:
        raise ValueError(f"names no host; write it like {_EXAMPLE}")
    if not user:
        raise ValueError(f"names no user; write it like {_EXAMPLE}")
    if not password:
        raise ValueError(f"has no password; write it like {_EXAMPLE}")
    if "," in place:
        raise ValueError("names several hosts; name one, which leads to whichever serves")
    if not _HOST.fullmatch(host):
        raise ValueError(f"is wrong: its host is no name or address; write it like {_EXAMPLE}")
    if colon and not port:
        raise ValueError(f"has a colon without a port; write it like {_EXAMPLE}")
    if colon and not (re.fullmatch(r"[0-9]{1,9}", port) and 1 <= int(port) <= 65535):
        raise ValueError("cannot be read: its port is not one from 1 to 65535")
    number = int(port or 5432)
    # Pools that give each transaction another connection do not keep a migration's lock.
    low = host.lower()
    if low.endswith(".neon.tech") and "-pooler." in low:
        raise ValueError("leads to Neon's pool, which keeps no lock; take -pooler out of the host")
    if low.endswith(".pooler.supabase.com") and number == 6543:
        raise ValueError("leads to Supabase's pool, which keeps no lock; use its port 5432")
    return host.strip("[]"), number


def _parameters(query: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, raw = pair.partition("=")
        if not name or not raw or name in given:
            raise ValueError(_QUERY)
        value = _decoded(raw, _QUERY)
        if name == "sslmode":
            raise ValueError(
                "has sslmode, which asyncpg does not know; write ssl= with the same value"
            )
        if name in _OTHERS:
            raise ValueError(f"has too much: leave {name} out; it takes {', '.join(_TAKEN)}")
        if name not in _TAKEN:
            raise ValueError(f"has a parameter that is not known; it takes {', '.join(_TAKEN)}")
        if name == "prepared_statement_cache_size" and not re.fullmatch(r"[0-9]{1,5}", value):
            raise ValueError("has a prepared_statement_cache_size that is no number")
        given[name] = value
    return given


def _verified(given: dict[str, str]) -> tuple[str, str]:
    mode, root = given.get("ssl", "disable"), given.get("sslrootcert", "")
    verified = mode in {"verify-ca", "verify-full"}
    if mode in {"prefer", "allow"}:
        raise ValueError(
            f"has ssl={mode}, which may go unencrypted unnoticed; use require or disable"
        )
    if not verified and mode not in {"disable", "require"}:
        raise ValueError("has an ssl that is none of disable, require, verify-ca and verify-full")
    if verified and not root:
        raise ValueError(
            f"has ssl={mode} without an authority; add &sslrootcert=/path/of/the/file, "
            "as docs/managed-postgres.md says, or use ssl=require"
        )
    if root and not verified:
        raise ValueError("has an sslrootcert, which goes with ssl=verify-full or verify-ca")
    if root == "system" and mode != "verify-full":
        raise ValueError("has sslrootcert=system, which goes with ssl=verify-full")
    if root and root != "system" and not root.startswith("/"):
        raise ValueError("has an sslrootcert that is neither system nor a path that begins with /")
    return mode, root
