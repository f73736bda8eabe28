"""Measures what the application answers under load; `benchmarks/load` runs it."""

import argparse
import asyncio
import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import asyncpg

ROOT = Path(__file__).parents[1]
BACKEND, FRONTEND = ROOT / "backend", ROOT / "frontend"
sys.path.insert(0, str(BACKEND / "tests"))

from issuer import AUDIENCE, ISSUER, JwksServer, SigningKey  # noqa: E402
from postgres import PASSWORD, Server  # noqa: E402

# What the chart gives a pod of each, in processors and MiB.
BACKEND_CPUS, FRONTEND_CPUS = 0.5, 0.25
BACKEND_MEMORY, FRONTEND_MEMORY = 512, 256
# Seconds that the chart's probe of readiness waits.
PROBE_TIMEOUT = 2
TODOS = 20
USERS = 50
# A front end counts sign-ups: 20 a minute from one address.
SIGN_UPS = 10
# Sign-ins that come at once, each by another user from another address.
SIGN_INS = 80
# Users with a long list, and how long it is.
COLLECTORS, COLLECTION = 5, 10_000
LONG = (("page", "?limit=100"), ("search", "?search=42&limit=100"), ("summary", "/summary"))
WARM_UP = 8
PASSWORD_OF_USERS = os.urandom(9).hex()


class Group:
    """A control group that gives a process its part of the machine, where one can be made."""

    def __init__(self, name: str, cpus: float, memory: int) -> None:
        quota = int(cpus * 100_000)
        group, of_memory = f"todo-load-{os.getpid()}-{name}", memory * 1024**2
        v1 = {
            f"/sys/fs/cgroup/cpu/{group}": {
                "cpu.cfs_period_us": "100000",
                "cpu.cfs_quota_us": str(quota),
            },
            f"/sys/fs/cgroup/memory/{group}": {"memory.limit_in_bytes": str(of_memory)},
        }
        v2 = {
            f"/sys/fs/cgroup/{group}": {
                "cpu.max": f"{quota} 100000",
                "memory.max": str(of_memory),
            }
        }
        self.folders = self._make(v1) or self._make(v2)

    @staticmethod
    def _make(folders: Mapping[str, Mapping[str, str]]) -> list[Path]:
        made: list[Path] = []
        try:
            for path, settings in folders.items():
                Path(path).mkdir()
                made.append(Path(path))
                for file, value in settings.items():
                    # Not made: a group of another kind has no such file, and takes none.
                    with Path(path, file).open("r+") as setting:
                        setting.write(value)
        except OSError:
            for folder in made:
                folder.rmdir()
            return []
        return made

    def enter(self) -> None:
        """Put this process into the group."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def periods(self) -> tuple[int, int]:
        """Give how many tenths of a second there were, and in how many the time ran out."""
        if not self.folders:
            return 0, 0
        lines = (self.folders[0] / "cpu.stat").read_text().splitlines()
        found = dict(line.split() for line in lines)
        return int(found["nr_periods"]), int(found["nr_throttled"])

    def remove(self) -> None:
        """Remove the group, once nothing is in it."""
        for folder in self.folders:
            folder.rmdir()


@dataclass(frozen=True)
class Process:
    """A server under load."""

    url: str
    pid: int
    group: Group

    def processor_seconds(self) -> float:
        """Give the processor time that it has used, in all its threads."""
        text = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(text[11]) + int(text[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, which: str = "VmRSS") -> float:
        """Give the memory that it has, or with `VmHWM` the most that it has had, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition(f"{which}:")[2].split()[0]) * 1024 / 1e6


def free_port() -> int:
    """Give a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def serving(
    name: str, group: Group, command: list[str], folder: Path, port: int, path: str, **environment: str
) -> Iterator[Process]:
    """Run a server until it is no longer needed; it serves once `path` answers 200."""
    url = f"http://127.0.0.1:{port}"
    with tempfile.NamedTemporaryFile("w+") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PORT": str(port), **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=group.enter,
        )
        try:
            while status_of(url + path, timeout=60) != 200:
                if process.poll() is not None:
                    raise SystemExit(f"the {name} did not start:\n{Path(log.name).read_text()}")
                time.sleep(0.1)
            yield Process(url, process.pid, group)
        finally:
            process.terminate()
            process.wait()
            group.remove()


def status_of(url: str, *, timeout: float) -> int | str:
    """Give the status of an answer, or what came in its place."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ValueError) as error:
        return type(error).__name__


class Probes:
    """Asks the given URLs once a second, as a kubelet would, and counts what is answered."""

    def __init__(self, *urls: str) -> None:
        self.answers: Counter[int | str] = Counter()
        self.slowest = 0.0
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(url,)) for url in urls]

    def _ask(self, url: str) -> None:
        while not self._done.wait(1):
            began = time.monotonic()
            self.answers[status_of(url, timeout=PROBE_TIMEOUT)] += 1
            self.slowest = max(self.slowest, time.monotonic() - began)

    def __enter__(self) -> "Probes":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def __str__(self) -> str:
        failed = {answer: count for answer, count in self.answers.items() if answer != 200}
        return (
            f"{sum(failed.values())} of {self.answers.total()}"
            + (f" {failed}" if failed else "")
            + f", {self.slowest * 1000:.0f}"
        )


@dataclass(frozen=True)
class Load:
    """Requests of one kind: who is asked, and how each user asks."""

    name: str
    process: Process
    probes: tuple[str, ...]
    targets: list[dict[str, object]] = field(repr=False)
    burst: bool = False
    """Each request once and all within a tenth of a second, with nothing before."""


def target(url: str, headers: Mapping[str, str], body: object = None) -> dict[str, object]:
    """Give a request as vegeta reads it."""
    made: dict[str, object] = {
        "method": "GET" if body is None else "POST",
        "url": url,
        "header": {name: [value] for name, value in headers.items()},
    }
    if body is not None:
        made["body"] = base64.b64encode(json.dumps(body).encode()).decode()
        made["header"] |= {"Content-Type": ["application/json"]}  # type: ignore[operator]
    return made


def attack(load: Load, *, rate: int, seconds: float, connections: int) -> dict[str, object]:
    """Send requests at a rate, or, without one, as fast as they are answered."""
    with tempfile.TemporaryDirectory() as folder:
        targets, results = Path(folder, "targets"), Path(folder, "results")
        targets.write_text("\n".join(json.dumps(one) for one in load.targets))
        subprocess.run(
            ["vegeta", "attack", "-format=json", f"-targets={targets}", f"-output={results}",
             f"-rate={rate}", f"-duration={seconds}s", "-max-body=0", "-timeout=30s",
             *(f"-{name}={connections}" for name in ("workers", "max-workers", "connections", "max-connections"))],
            check=True,
        )  # fmt: skip
        report = subprocess.check_output(["vegeta", "report", "-type=json", str(results)])
    found: dict[str, object] = json.loads(report)
    return found


HEADER = ("load", "asked/s", "answered/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms each", "out of CPU", "memory MB: before, after, most",
          "failed", "probes failed, slowest ms")  # fmt: skip


def measure(load: Load, *, rate: int, seconds: float, connections: int) -> tuple[str, ...]:
    """Give a row of the table."""
    process = load.process
    if load.burst:
        rate, seconds, connections = 10 * len(load.targets), 0.1, len(load.targets)
    else:
        attack(load, rate=rate, seconds=WARM_UP, connections=connections)
    before, (periods, throttled) = process.processor_seconds(), process.group.periods()
    memory = process.memory()
    with Probes(*load.probes) as probes:
        report = attack(load, rate=rate, seconds=seconds, connections=connections)
    used = process.processor_seconds() - before
    periods_after, throttled_after = process.group.periods()
    latencies, statuses = report["latencies"], report["status_codes"]
    assert isinstance(latencies, dict)
    assert isinstance(statuses, dict)
    requests = int(str(report["requests"]))
    failed = {status: count for status, count in statuses.items() if not status.startswith("2")}
    out = (throttled_after - throttled) / max(periods_after - periods, 1)
    return (
        load.name,
        str(rate or "all"),
        f"{float(str(report['throughput'])):.0f}",
        *(f"{latencies[name] / 1e6:.0f}" for name in ("50th", "95th", "99th")),
        f"{used / max(requests, 1) * 1000:.2f}",
        f"{out:.0%}" if process.group.folders else "no limit",
        f"{memory:.0f}, {process.memory():.0f}, {process.memory('VmHWM'):.0f}",
        str(failed or 0),
        str(probes),
    )


async def add_todos(url: str, users: list[str], todos: int = TODOS) -> None:
    """Give each user todos."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "INSERT INTO todo (id, user_id, number, title) SELECT gen_random_uuid(), owner, n, 'buy '"
            " || n || ' litres of milk' FROM unnest($1::text[]) owner, generate_series(1, $2) n",
            users,
            todos,
        )
        await connection.execute(
            "INSERT INTO todo_counter SELECT unnest($1::text[]), $2", users, todos
        )
    finally:
        await connection.close()


class Bench:
    """Servers, started as they are needed, on one Postgres."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        folder = Path(tempfile.mkdtemp(prefix="todo-load-"))
        stack.callback(shutil.rmtree, folder)
        postgres = Server(folder)
        postgres.start()
        stack.callback(postgres.stop)
        self._postgres = f"postgres:{quote(PASSWORD, safe='')}@127.0.0.1:{postgres.port}/postgres"
        self._key = SigningKey()
        self._migrate()

    def backend(self, *, jwks: str, issuer: str) -> Process:
        """Start the backend as its image does."""
        port = free_port()
        return self._stack.enter_context(
            serving(
                "backend",
                Group(f"backend-{port}", BACKEND_CPUS, BACKEND_MEMORY),
                # .dagger/backend.go has the image's own.
                ["uvicorn", "todo.main:app", "--host", "127.0.0.1", "--port", str(port), "--ws", "none", "--no-access-log"],
                BACKEND,
                port,
                "/health/ready",
                PYTHONPATH="src",
                DATABASE_URL=self._database_url,
                AUTH_JWKS_URL=jwks,
                AUTH_ISSUER=issuer,
                AUTH_AUDIENCE=AUDIENCE,
                ENVIRONMENT="development",
            )
        )  # fmt: skip

    def direct(self) -> Callable[..., Load]:
        """Start a backend that users of the tests' own issuer ask."""
        jwks = self._stack.enter_context(JwksServer(self._key))
        process = self.backend(jwks=jwks.url, issuer=ISSUER)

        def load(
            name: str,
            users: str,
            body: object = None,
            path: str = "",
            count: int = USERS,
            todos: int = TODOS,
        ) -> Load:
            owners = [f"{users}-{number}" for number in range(count)]
            asyncio.run(add_todos(f"postgresql://{self._postgres}", owners, todos))
            until = int(time.time()) + 86400
            targets = [
                target(
                    f"{process.url}/api/todos{path}",
                    {"Authorization": f"Bearer {self._key.token(owner, exp=until)}"},
                    body,
                )
                for owner in owners
            ]
            return Load(name, process, self._probes(process), targets)

        return load

    def front_end(self) -> tuple[Process, str, tuple[str, ...]]:
        """Start a front end with a backend behind it; give its origin and what probes ask."""
        if not (FRONTEND / ".next/standalone/server.js").exists():
            raise SystemExit("the front end is not built: run npm ci && npm run build in frontend/")
        port = free_port()
        # The backend's first look at the keys comes with its first request, when both serve.
        origin = f"http://127.0.0.1:{port}"
        backend = self.backend(jwks=f"{origin}/api/auth/jwks", issuer=origin)
        process = self._stack.enter_context(
            serving(
                "front end",
                Group(f"frontend-{port}", FRONTEND_CPUS, FRONTEND_MEMORY),
                ["node", "--max-semi-space-size=16", ".next/standalone/server.js"],
                FRONTEND,
                port,
                "/api/health",
                NODE_ENV="production",
                HOSTNAME="127.0.0.1",
                DATABASE_URL=self._database_url,
                BETTER_AUTH_SECRET=base64.b64encode(os.urandom(32)).decode(),
                BETTER_AUTH_URL=origin,
                BACKEND_URL=backend.url,
                # So that each user has an address of their own: sign-ins from one are limited.
                TRUSTED_PROXIES="127.0.0.1/32",
            )
        )
        return process, origin, (f"{origin}/", *self._probes(backend))

    def proxied(self) -> Load:
        """Start a front end, and sign users up who list."""
        process, origin, probes = self.front_end()
        users = [sign_up(origin, number) for number in range(SIGN_UPS)]
        asyncio.run(add_todos(f"postgresql://{self._postgres}", [user for user, _ in users]))
        targets = [target(f"{origin}/api/todos", {"Cookie": cookie}) for _, cookie in users]
        return Load("front end, list", process, probes, targets)

    def sign_ins(self) -> Load:
        """Start a front end, and sign users up who sign in again."""
        process, origin, probes = self.front_end()
        targets = []
        for number in range(SIGN_UPS, SIGN_UPS + SIGN_INS):
            sign_up(origin, number)
            headers = {"Origin": origin, "X-Forwarded-For": address(number)}
            body = {"email": f"{number}@example.com", "password": PASSWORD_OF_USERS}
            targets.append(target(f"{origin}/api/auth/sign-in/email", headers, body))
        name = f"front end, {SIGN_INS} sign-ins at once"
        return Load(name, process, probes, targets, burst=True)

    @property
    def _database_url(self) -> str:
        return f"postgresql+asyncpg://{self._postgres}"

    @staticmethod
    def _probes(backend: Process) -> tuple[str, ...]:
        return f"{backend.url}/health", f"{backend.url}/health/ready"

    def _migrate(self) -> None:
        subprocess.run(
            ["alembic", "upgrade", "head"],
            cwd=BACKEND,
            env={"PATH": os.environ["PATH"], "DATABASE_URL": self._database_url},
            stdout=subprocess.DEVNULL,
            check=True,
        )


def address(number: int) -> str:
    """Give the address that a user comes from, of those that are for documentation."""
    return f"198.51.100.{number}"


def sign_up(origin: str, number: int) -> tuple[str, str]:
    """Give a new user's id and session cookies."""
    body = {"name": f"User {number}", "email": f"{number}@example.com", "password": PASSWORD_OF_USERS}
    asked = urllib.request.Request(
        f"{origin}/api/auth/sign-up/email",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Origin": origin, "X-Forwarded-For": address(number)},
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        cookies = [cookie.partition(";")[0] for cookie in answer.headers.get_all("Set-Cookie")]
        return json.load(answer)["user"]["id"], "; ".join(cookies)


def loads(bench: Bench, parts: list[str]) -> Iterator[tuple[Load, int]]:
    """Give each load with the rate that it is aimed at, and 0 for as many as are answered."""
    if {"list", "create", "long"} & set(parts):
        direct = bench.direct()
    if "list" in parts:
        listing = direct("backend, list", "reader")
        yield from ((listing, 0), (listing, 300))
    if "create" in parts:
        creating = direct("backend, create", "writer", {"title": "buy milk"})
        yield from ((creating, 0), (creating, 200))
    if "long" in parts:
        for what, path in LONG:
            name = f"backend, {what} of {COLLECTION} todos"
            yield direct(name, f"{what}-reader", None, path, COLLECTORS, COLLECTION), 0
    if "proxied" in parts:
        proxied = bench.proxied()
        yield from ((proxied, 0), (proxied, 150))
    if "sign-ins" in parts:
        yield bench.sign_ins(), 0


def main() -> None:
    """Print a row for each load."""
    parser = argparse.ArgumentParser(prog="benchmarks/load", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="of each row (default: 60)")
    parser.add_argument("--connections", type=int, default=50, help="default: 50")
    parser.add_argument("parts", nargs="*", metavar="list|create|long|proxied|sign-ins", help="default: all")
    options = parser.parse_args()
    known = ["list", "create", "long", "proxied", "sign-ins"]
    if wrong := set(options.parts) - set(known):
        parser.error(f"there is no {', '.join(wrong)}; the parts are {', '.join(known)}")
    with ExitStack() as stack:
        print(f"| {' | '.join(HEADER)} |\n{'| --- ' * len(HEADER)}|", flush=True)
        for load, rate in loads(Bench(stack), options.parts or known):
            row = measure(
                load, rate=rate, seconds=options.seconds, connections=options.connections
            )
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
