"""The environment is refused clearly, completely, and without telling its secrets."""

import pytest

from todo.settings import Settings, SettingsError

GOOD = {
    "DATABASE_URL": "postgresql+asyncpg://todo:s3cr3t-pw@db:5432/todo",
    "AUTH_JWKS_URL": "http://front:3000/api/auth/jwks",
    "AUTH_ISSUER": "http://localhost:3000",
    "OPENAI_API_KEY": "sk-s3cr3t-key",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def test_the_least_environment_is_production_with_defaults() -> None:
    settings = Settings.load()
    assert settings.environment == "production"
    assert settings.auth_audience == "todo-chatbot"
    assert settings.log_level == "info"
    # Compared to the letter with a token's issuer, so no slash may be added.
    assert settings.auth_issuer == "http://localhost:3000"


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("DATABASE_URL", "", "DATABASE_URL: is required"),
        (
            "DATABASE_URL",
            "postgresql://u:s3cr3t-pw@db/todo",
            "must start with postgresql+asyncpg://",
        ),
        ("DATABASE_URL", "mysql+pymysql://u:s3cr3t-pw@db/todo", "must start with"),
        ("DATABASE_URL", "s3cr3t-pw", "must start with postgresql+asyncpg://"),
        ("DATABASE_URL", "postgresql+asyncpg://u:s3cr3t-pw@db:port/todo", "cannot be read"),
        ("DATABASE_URL", "postgresql+asyncpg:///todo", "DATABASE_URL: names no host"),
        ("DATABASE_URL", "postgresql+asyncpg://u:s3cr3t-pw@db", "end in one database name"),
        (
            "DATABASE_URL",
            "postgresql+asyncpg://u:s3cr3t-pw@db/a?ssl=verify-full&sslrootcert=/nowhere",
            "names /nowhere as sslrootcert, which cannot be read",
        ),
        ("DATABASE_URL", "postgresql+asyncpg://u:s3cr3t-pw@db/a?sslmode=require", "write ssl="),
        ("AUTH_JWKS_URL", "", "AUTH_JWKS_URL: is required"),
        ("AUTH_JWKS_URL", "ftp://front/keys", "must be an http:// or https:// URL"),
        ("AUTH_ISSUER", "", "AUTH_ISSUER: is required"),
        ("ENVIRONMENT", "prod", "ENVIRONMENT: input should be 'development', 'staging' or"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: input should be 'debug'"),
        ("DATABASE_POOL_SIZE", "0", "DATABASE_POOL_SIZE: input should be greater than or equal"),
        ("HEALTH_TIMEOUT", "soon", "HEALTH_TIMEOUT: input should be a valid number"),
        ("OPENAI_API_KEY", "", "OPENAI_API_KEY: is required when ENVIRONMENT is production"),
        ("OPENAI_API_KEY", "  ", "OPENAI_API_KEY: is required when ENVIRONMENT is production"),
    ],
)
def test_a_bad_value_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    told = str(caught.value)
    assert line in told
    assert told.startswith(f"{name}: ")
    assert "\n" not in told
    assert "s3cr3t" not in told


def test_all_problems_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://u:s3cr3t-pw@db/todo")
    monkeypatch.setenv("ENVIRONMENT", "staging")
    monkeypatch.setenv("LOG_LEVEL", "loud")
    monkeypatch.delenv("AUTH_ISSUER")
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert {line.partition(":")[0] for line in str(caught.value).splitlines()} == {
        "DATABASE_URL",
        "LOG_LEVEL",
        "AUTH_ISSUER",
        "OPENAI_API_KEY",
    }


def test_only_development_goes_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")
    monkeypatch.setenv("ENVIRONMENT", "development")
    assert Settings.load().openai_api_key is None


def test_the_text_of_settings_has_no_secret() -> None:
    settings = Settings.load()
    for text in (repr(settings), str(settings), repr(settings.url), str(settings.model_dump())):
        assert "s3cr3t" not in text
    assert settings.secrets == (GOOD["DATABASE_URL"], "s3cr3t-pw", "sk-s3cr3t-key")
