"""What the environment tells the program, checked before it serves."""

import ssl
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL

from todo.database_url import parse_database_url

Environment = Literal["development", "staging", "production"]
OpenAIAPI = Literal["responses", "chat_completions"]
LogLevel = Literal["debug", "info", "warning", "error"]

_HTTP_URL = TypeAdapter(AnyHttpUrl)


class SettingsError(Exception):
    """The environment cannot be used. Its text has one line per problem and no secret."""


def _check_database_url(value: SecretStr) -> SecretStr:
    # The file is read here too, so that a start without it says so.
    parse_database_url(value.get_secret_value()).tls()
    return value


def _check_http_url(value: str) -> str:
    # The text is kept as given: issuer comparison is exact, and AnyHttpUrl would add a slash.
    try:
        _HTTP_URL.validate_python(value)
    except ValidationError:
        raise ValueError("must be an http:// or https:// URL") from None
    return value


type DatabaseUrl = Annotated[SecretStr, AfterValidator(_check_database_url)]
type HttpUrl = Annotated[str, AfterValidator(_check_http_url)]


class DatabaseSettings(BaseSettings):
    """The part that migrations need too."""

    model_config = SettingsConfigDict(
        # A chart renders an unset value as an empty string.
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    database_url: DatabaseUrl
    """Where Postgres is, as postgresql+asyncpg://user:password@host:port/database."""

    log_level: LogLevel = "info"
    """The least severe level that is logged."""

    migration_timeout: float = Field(default=60, gt=0)
    """Seconds that a migration waits for the database to answer, and for other migrations."""

    @property
    def url(self) -> URL:
        """The database's URL, parsed; its text form masks the password."""
        return parse_database_url(self.database_url.get_secret_value()).url

    @property
    def tls(self) -> ssl.SSLContext | bool:
        """What the driver takes for its argument `ssl`."""
        return parse_database_url(self.database_url.get_secret_value()).tls()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must never be printed."""
        password = self.url.password
        return (self.database_url.get_secret_value(), *([password] if password else []))

    @classmethod
    def load(cls) -> Self:
        """Read the environment; raise SettingsError that names every problem at once."""
        try:
            return cls()
        except ValidationError as error:
            # Neither the input nor the context is printed: either may hold a secret.
            raise SettingsError("\n".join(_line(problem) for problem in error.errors())) from None


class Settings(DatabaseSettings):
    """Everything that serving needs."""

    environment: Environment = "production"
    """Where this runs; development alone may go without a language model."""

    auth_jwks_url: HttpUrl
    """Where the front end publishes the keys that sign its tokens."""

    auth_issuer: str = Field(min_length=1)
    """The `iss` that a token must have: the front end's public origin."""

    auth_audience: str = Field(default="todo-chatbot", min_length=1)
    """The `aud` that a token must have."""

    openai_api_key: SecretStr | None = Field(default=None, validate_default=True)
    """The language model's key. Without it, in development, commands are understood instead."""

    openai_base_url: HttpUrl | None = None
    """Another server that speaks one of OpenAI's APIs."""

    openai_api: OpenAIAPI = "responses"
    """Which of them is spoken: the Responses API, or the older Chat Completions."""

    openai_model: str | None = None
    """The model that answers; without it, the one that the Agents SDK recommends."""

    agent_timeout: float = Field(default=30, gt=0)
    """Seconds that one chat answer may take, tools included."""

    agent_max_turns: int = Field(default=8, ge=1)
    """How often the model may be asked within one answer."""

    agent_max_tool_calls: int = Field(default=20, ge=1)
    """How often tools may act within one answer."""

    chat_messages_per_minute: int = Field(default=20, ge=1)
    """Messages that one user may send within a minute."""

    chat_messages_per_day: int = Field(default=500, ge=1)
    """Messages that one user may send within a day."""

    chat_turns_per_day: int = Field(default=1500, ge=1)
    """Calls of the model within a day for one user."""

    chat_input_tokens_per_day: int = Field(default=2_000_000, ge=1)
    """Tokens that the model may read within a day for one user."""

    chat_output_tokens_per_day: int = Field(default=200_000, ge=1)
    """Tokens that the model may write within a day for one user."""

    todos_per_user: int = Field(default=20_000, ge=1)
    """Todos that one user may have."""

    database_pool_size: int = Field(default=10, ge=1)
    """Connections that one process keeps open."""

    database_pool_overflow: int = Field(default=0, ge=0)
    """Connections beyond the pool under load, each opened and closed for one use."""

    database_timeout: float = Field(default=5, gt=0)
    """Seconds to wait for a free connection, for a new one, and for each statement."""

    health_timeout: float = Field(default=1, gt=0)
    """Seconds that a health answer waits for the database; shorter than any probe's timeout."""

    keys_timeout: float = Field(default=3, gt=0)
    """Seconds to wait for the front end's keys. Whoever sent a token waits meanwhile."""

    @field_validator("openai_api_key")
    @classmethod
    def _require_key(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        key = value.get_secret_value().strip() if value else ""
        environment = info.data.get("environment")
        if not key and environment in {"staging", "production"}:
            raise ValueError(f"is required when ENVIRONMENT is {environment}")
        return SecretStr(key) if key else None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The database's secrets, and the language model's."""
        key = self.openai_api_key
        return (*super().secrets, *([key.get_secret_value()] if key else []))


def _line(problem: object) -> str:
    assert isinstance(problem, dict)
    name = str(problem["loc"][0]).upper()
    if problem["type"] == "missing":
        return f"{name}: is required"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{name}: {message[0].lower()}{message[1:]}"
