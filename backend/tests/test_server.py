"""The program as the image starts it: its start, its end, and what it prints."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from conftest import BACKEND, PATIENCE, bare
from issuer import AUDIENCE, ISSUER, JwksServer, SigningKey
from postgres import PASSWORD

KEY = "sk-pl4nted-k3y"
MEDIA = {"Content-Type": "application/json"}


class Running:
    """A server process and what it has printed."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.process = process
        self._log = log

    @property
    def printed(self) -> str:
        return self._log.read_text()


@contextmanager
def serve(log: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "todo.main:app", "--port", str(port), *arguments],
            env=bare(PYTHONPATH=str(BACKEND / "src"), **environment),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        running = Running(port, process, log)
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(httpx2.TransportError):
                httpx2.get(f"{running.url}/health", timeout=PATIENCE)
                break
            time.sleep(0.05)
        yield running
    finally:
        process.kill()
        process.wait()


def ended_well(running: Running) -> bool:
    """Say whether the server ended by itself after the signal; uvicorn then repeats it."""
    return (
        running.process.wait(PATIENCE) in {0, -signal.SIGTERM}
        and "Application shutdown complete" in running.printed
    )


@pytest.fixture
def environment(database_url: str, jwks: JwksServer) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "AUTH_JWKS_URL": jwks.url,
        "AUTH_ISSUER": ISSUER,
        "AUTH_AUDIENCE": AUDIENCE,
        "ENVIRONMENT": "production",
        "OPENAI_API_KEY": KEY,
        "LOG_LEVEL": "debug",
        "DATABASE_TIMEOUT": str(PATIENCE),
    }


def test_no_secret_is_ever_printed(
    environment: dict[str, str], key: SigningKey, tmp_path: Path
) -> None:
    # Nobody answers there: the model's failure is logged too.
    environment["OPENAI_BASE_URL"] = "http://127.0.0.1:1/v1"
    token = key.token()
    with serve(tmp_path / "log", **environment) as running:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx2.Client(base_url=running.url, headers=headers, timeout=PATIENCE) as client:
            answers = [
                client.get("/health"),
                client.get("/api/todos"),
                client.post("/api/todos", json={"title": "bought in private"}),
                client.post("/api/todos", json={}),
                client.post("/api/chat", json={"message": "said in private"}),
                client.get("/api/todos", headers={"Authorization": "Bearer nonsense"}),
                client.get(f"/api/todos?secret={KEY}"),
            ]
        running.process.send_signal(signal.SIGTERM)
        assert ended_well(running)
        printed = running.printed
    assert [answer.status_code for answer in answers] == [200, 200, 201, 422, 502, 401, 200]
    for secret in (PASSWORD, "Pl4nted", KEY, token, token.split(".")[2], "in private"):
        assert secret not in printed
        assert not any(secret in answer.text for answer in answers[3:6])
    for line in printed.splitlines():
        assert {"time", "level", "logger", "message"} <= set(json.loads(line))


def test_a_bad_environment_ends_the_start_in_clear_lines(tmp_path: Path) -> None:
    url = "postgres://todo:Pl4nted@db/todo"
    with serve(tmp_path / "log", DATABASE_URL=url, AUTH_ISSUER=ISSUER) as running:
        assert running.process.wait(PATIENCE) != 0
        assert running.printed.splitlines() == [
            "DATABASE_URL: must start with postgresql+asyncpg://: "
            "change postgres:// to postgresql+asyncpg://",
            "AUTH_JWKS_URL: is required",
            "OPENAI_API_KEY: is required when ENVIRONMENT is production",
        ]


def test_a_request_under_way_is_finished_before_the_end(
    environment: dict[str, str], key: SigningKey, tmp_path: Path
) -> None:
    environment |= {"ENVIRONMENT": "development", "OPENAI_API_KEY": ""}
    with serve(
        tmp_path / "log", "--timeout-graceful-shutdown", str(PATIENCE), **environment
    ) as running:
        body = json.dumps({"title": "late"}).encode()

        def slowly() -> Iterator[bytes]:
            yield body[:5]
            running.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            yield body[5:]

        headers = {
            "Authorization": f"Bearer {key.token()}",
            **MEDIA,
            "Content-Length": str(len(body)),
        }
        answer = httpx2.post(
            f"{running.url}/api/todos", content=slowly(), headers=headers, timeout=PATIENCE
        )
        assert answer.status_code == 201
        assert ended_well(running)


def test_whoever_watches_keeps_nothing_from_ending(
    environment: dict[str, str], key: SigningKey, tmp_path: Path
) -> None:
    environment |= {"ENVIRONMENT": "development", "OPENAI_API_KEY": ""}
    with serve(
        tmp_path / "log", "--timeout-graceful-shutdown", str(PATIENCE), **environment
    ) as running:
        headers = {"Authorization": f"Bearer {key.token()}"}
        url = f"{running.url}/api/events"
        with httpx2.stream("GET", url, headers=headers, timeout=PATIENCE) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "event: changed"
            running.process.send_signal(signal.SIGTERM)
            # To its end, and not cut off.
            list(lines)
        assert ended_well(running)
        assert "timeout graceful shutdown exceeded" not in running.printed


def test_starting_does_not_wait_for_the_agents_sdk() -> None:
    program = "import sys, todo.app; sys.exit('agents' in sys.modules or 'openai' in sys.modules)"
    environment = bare(PYTHONPATH=str(BACKEND / "src"))
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    assert done.returncode == 0
