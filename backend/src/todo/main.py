"""What `uvicorn todo.main:app` serves."""

from todo.app import create_app
from todo.logs import configure_logging
from todo.settings import Settings, SettingsError

try:
    _settings = Settings.load()
except SettingsError as error:
    # Without a traceback, which would hide the lines that say what to do.
    raise SystemExit(str(error)) from None

configure_logging(_settings.log_level, _settings.secrets)
app = create_app(_settings)
