"""One service of the release, called over HTTP: a step of a test is one call that has to succeed."""

import http.client
import json
import socket
import sys
import time
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

PATIENCE = 20.0
"""Seconds for which a refused connection is tried again: a Service may be a moment behind its pods."""

TIMEOUT = 45.0
"""Seconds that one answer may take; a language model's takes longest."""


class Failed(Exception):  # noqa: N818 - what a step has, not what went wrong inside
    """A step did not go as it had to."""


class Service:
    """Calls one service, and keeps the cookies that it sets.

    Cookies go back whatever their attributes: a "Secure" one is made for the public origin, and this is the same
    server behind it.
    """

    def __init__(self, url, origin=None):
        self.address = urlsplit(url)
        self.origin = origin
        self.cookies = {}

    def call(self, method, path, body=None):
        """Gives the status and the body, decoded if it is JSON; the reason for a failure has no cookie and no query."""
        headers = {"Accept": "application/json"}
        if self.origin:
            headers["Origin"] = self.origin
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        connection = self._connect()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"{method} {_named(path)} on {self.address.netloc}: {error!r}") from None
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, cookie in SimpleCookie(line).items():
                self.cookies[name] = cookie.coded_value
        return answer.status, _decode(content)

    def expect(self, status, method, path, body=None):
        """Gives the body of an answer with that status; raises Failed for any other."""
        actual, content = self.call(method, path, body)
        if actual != status:
            raise Failed(f"{method} {_named(path)} answered {actual}, not {status}: {_excerpt(content)}")
        return content

    def _connect(self):
        """Tries again while there is no connection, and only then: a request that was sent is not repeated."""
        deadline = time.monotonic() + PATIENCE
        host, port = self.address.hostname, self.address.port or 80
        while True:
            connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
            try:
                connection.connect()
            except (ConnectionError, TimeoutError, socket.gaierror) as error:
                connection.close()
                if time.monotonic() > deadline:
                    raise Failed(f"no connection to {self.address.netloc}: {error}") from None
                time.sleep(0.5)
            else:
                return connection


def check(condition, reason):
    """Raises Failed with the reason unless the condition holds."""
    if not condition:
        raise Failed(reason)


def run(steps):
    """Runs named steps in order and prints a line for each; gives the process's exit code.

    The first that fails ends the run, with one line that names it.
    """
    for name, step in steps:
        started = time.monotonic()
        try:
            step()
        except Failed as failure:
            print(f"FAILED {name}: {failure}", flush=True)
            return 1
        except (LookupError, TypeError) as error:
            print(f"FAILED {name}: an answer has another shape than expected: {error!r}", flush=True)
            return 1
        print(f"ok {name} {(time.monotonic() - started) * 1000:.0f}ms", flush=True)
    return 0


def require(environment, *names):
    """Gives the values of these variables; ends the process with a line that names those that are missing."""
    missing = [name for name in names if not environment.get(name)]
    if missing:
        sys.exit(f"FAILED start: not set: {', '.join(missing)}")
    return [environment[name] for name in names]


def _named(path):
    """Gives the path as it may be printed: a query may have a token."""
    return path.partition("?")[0]


def _decode(content):
    text = content.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def _excerpt(content):
    text = content if isinstance(content, str) else json.dumps(content)
    return " ".join(text.split())[:200] or "(an empty body)"
