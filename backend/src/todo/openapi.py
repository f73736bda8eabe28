"""The API's description; `python -m todo.openapi` prints it."""

import json
import sys
from typing import Any

from fastapi import FastAPI

from todo.problems import MEDIA_TYPE

_PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}


def describe(app: FastAPI) -> None:
    """Make the description say that failures are application/problem+json.

    FastAPI describes every response of a route under the media type of the route's success.
    """
    original = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            for path in original()["paths"].values():
                for operation in path.values():
                    for response in operation["responses"].values():
                        if list(response.get("content", {}).values()) == [_PROBLEM]:
                            response["content"] = {MEDIA_TYPE: _PROBLEM}
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def document() -> str:
    """Give the description as it is kept in openapi.json."""
    from todo.app import create_app  # noqa: PLC0415 - which imports this module
    from todo.settings import Settings  # noqa: PLC0415

    # Nothing is contacted: the description does not depend on where things are.
    settings = Settings.model_validate(
        {
            "database_url": "postgresql+asyncpg://todo:todo@localhost/todo",
            "auth_jwks_url": "http://localhost:3000/api/auth/jwks",
            "auth_issuer": "http://localhost:3000",
            "environment": "development",
        }
    )
    return json.dumps(create_app(settings).openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
