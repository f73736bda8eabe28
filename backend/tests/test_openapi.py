"""The description that clients are written against is the one that is served."""

import json
import tomllib

from conftest import BACKEND
from todo import __version__
from todo.openapi import document


def test_the_kept_description_is_current() -> None:
    kept = (BACKEND / "openapi.json").read_text()
    assert document() == kept, (
        "run: hack/dagger generate, or: PYTHONPATH=src uv run python -m todo.openapi > openapi.json"
    )


def test_each_operation_is_described() -> None:
    for path, operations in json.loads(document())["paths"].items():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["description"]
            assert len(operation["tags"]) == 1
            assert bool(operation.get("security")) == path.startswith("/api/")


def test_failures_are_problems() -> None:
    for path, operations in json.loads(document())["paths"].items():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if status >= "400" and path.startswith("/api/"):
                    assert list(answer["content"]) == ["application/problem+json"], (path, status)


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((BACKEND / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
