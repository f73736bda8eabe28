"""Asks a release for what its users do, for a bounded time, and fails when one answer is not what it has to be.

Runs in a pod of the release's namespace beside service.py of the chart's own tests, without which nothing is tried again here:
a refused connection is a failed request. LOAD is "users" (a signed-in user reads the todo that they have, and the page),
"backend" (its health, as fast as it answers) or "stranger" (whether Postgres can be reached from here, once).
"""

import http.client
import os
import secrets
import socket
import sys
import threading
import time
from collections import Counter

import service
from service import Failed, Service, require

service.PATIENCE = 0.0
service.TIMEOUT = 15.0

TITLE = "outlive the roll"

KEPT = 40
"""Requests on one connection of the load "backend"; the next connection may go to another pod."""


def burn(address):
    """Asks for health on one connection, many times: most of the work is then the server's."""
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=service.TIMEOUT)
    try:
        for _ in range(KEPT):
            connection.request("GET", "/health")
            answer = connection.getresponse()
            answer.read()
            service.check(answer.status == 200, f"GET /health answered {answer.status}")
    except (OSError, http.client.HTTPException) as error:
        raise Failed(f"GET /health: {error!r}") from None
    finally:
        connection.close()


class Tally:
    """Counts what was asked, and keeps the first failures."""

    def __init__(self):
        self.lock = threading.Lock()
        self.asked = Counter()
        self.failures = []
        self.slowest = 0.0

    def ask(self, name, call):
        started = time.monotonic()
        failure = None
        try:
            call()
        except Failed as error:
            failure = f"{time.strftime('%H:%M:%S')} {name}: {error}"
        with self.lock:
            self.asked[name] += 1
            self.slowest = max(self.slowest, time.monotonic() - started)
            if failure:
                self.failures.append(failure)

    def text(self):
        asked = ", ".join(f"{count} {name}" for name, count in sorted(self.asked.items()))
        lines = [f"{sum(self.asked.values())} requests ({asked}), {len(self.failures)} failed, slowest {self.slowest:.1f} s"]
        return "\n".join(lines + self.failures[:10])


def sign_up(frontend):
    """Makes a user with one todo; nothing here is counted, and a moment of it is tried again."""
    user = {"name": "Load", "email": f"load-{secrets.token_hex(8)}@example.com", "password": secrets.token_urlsafe(24)}
    frontend.expect(200, "POST", "/api/auth/sign-up/email", user)
    frontend.expect(200, "POST", "/api/chat", {"message": f"add {TITLE}", "conversation_id": None})


def has_todo(frontend):
    todos = frontend.expect(200, "GET", "/api/todos")
    service.check([todo["title"] for todo in todos] == [TITLE], f"the user has {len(todos)} todos and not the one of before")


def stranger(host):
    """Says whether a pod that no policy admits gets to the database."""
    try:
        socket.create_connection((host, 5432), timeout=10).close()
    except OSError as error:
        print(f"refused: {error!r}", flush=True)
    else:
        print("reached", flush=True)
    return 0


def main(environment):
    load, backend_url, frontend_url, public_url = require(environment, "LOAD", "BACKEND_URL", "FRONTEND_URL", "PUBLIC_URL")
    if load == "stranger":
        print("started", flush=True)
        return stranger(environment["POSTGRES"])
    seconds, workers = int(environment.get("SECONDS", "60")), int(environment.get("WORKERS", "4"))
    pause = 0.0 if load == "backend" else 0.2
    user = Service(frontend_url, origin=public_url)
    if load == "users":
        sign_up(user)
    tally, end = Tally(), time.monotonic() + seconds

    def work(number):
        backend, frontend = Service(backend_url), Service(frontend_url, origin=public_url)
        frontend.cookies = user.cookies
        while time.monotonic() < end:
            if load == "backend":
                tally.ask(f"{KEPT} times health", lambda: burn(backend.address))
            else:
                tally.ask("todos", lambda: has_todo(frontend))
                tally.ask("page", lambda: frontend.expect(200, "GET", "/"))
            time.sleep(pause)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
    print("started", flush=True)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if load == "users":
        user.expect(204, "DELETE", "/api/me")
    print(tally.text(), flush=True)
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
