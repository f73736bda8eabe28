"""What the process is told by its environment, checked before anything starts."""

from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, HttpUrl, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

DRIVER = "postgresql+asyncpg"


def _database_url(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(
            f"is not a URL; give {DRIVER}://user:password@host:5432/database"
        ) from None
    if url.drivername != DRIVER:
        raise ValueError(f"has the scheme {url.drivername}; change it to {DRIVER}")
    if "sslmode" in url.query:
        raise ValueError("has sslmode=, which asyncpg does not know; write ssl= instead")
    return value


class Settings(BaseSettings):
    """The environment of the process. Secrets are never part of its text."""

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)

    database_url: Annotated[SecretStr, AfterValidator(_database_url)]
    auth_jwks_url: HttpUrl
    auth_issuer: str = Field(min_length=1)
    auth_audience: str = "todo-chatbot"
    openai_api_key: SecretStr | None = None
    openai_model: str = "gpt-5-mini"
    environment: Literal["development", "staging", "production"] = "production"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _someone_answers(self) -> Self:
        if self.openai_api_key is not None and not self.openai_api_key.get_secret_value():
            self.openai_api_key = None
        if self.openai_api_key is None and self.environment != "development":
            raise ValueError(
                "OPENAI_API_KEY is required; only ENVIRONMENT=development runs without it"
            )
        return self


class SettingsError(Exception):
    """Says, a line each, which variables are wrong and what to do."""


def explain(error: ValidationError) -> str:
    """Gives one line per problem. No line has a value in it: it may be a secret."""
    lines = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(str(part) for part in problem["loc"]).upper()
        message = problem["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {message}" if name else message)
    return "\n".join(lines)


@lru_cache
def get_settings() -> Settings:
    """Reads the environment once.

    Raises:
        SettingsError: when anything in it is missing or malformed; all of it at once.

    """
    try:
        return Settings()  # type: ignore[call-arg]  # the environment gives the fields
    except ValidationError as error:
        raise SettingsError(explain(error)) from None
