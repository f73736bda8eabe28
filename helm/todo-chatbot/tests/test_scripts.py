"""The scripts of `helm test`, against a small stand-in for the release.

python3 -m unittest discover --start-directory helm/todo-chatbot/tests
"""

import base64
import contextlib
import hashlib
import hmac
import io
import json
import sys
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from unittest import mock
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent / "files"))

import journey
import service

COOKIE = "__Secure-todo.session"
SECRET = "only-for-tests-of-the-journey"  # noqa: S105


class Release:
    """Both services at one address: enough of them for a user's way through, and what to break on that way."""

    def __init__(self):
        self.users = {}
        self.secret = None
        self.confirmed = set()
        self.signed_in = None
        self.todos = []
        self.deleted = []
        self.said = []
        self.broken = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method, path, body, cookie):
        """Gives status, body and a cookie to set."""
        if (method, path) in self.broken:
            return self.broken[method, path]
        if path in ("/health", "/health/ready"):
            return 200, {"status": "ok", "database": "ok"}, None
        if path in ("/", "/api/health"):
            return 200, {"status": "ok"}, None
        if path == "/api/auth/jwks":
            return 200, {"keys": [{"kid": "1", "x": "public"}]}, None
        if path == "/api/auth/sign-up/email":
            self.users[body["email"]] = body["password"]
            if self.secret:
                return 200, {}, None
            return 200, {}, f"{COOKIE}=of-sign-up; Path=/; Secure; HttpOnly"
        if path == "/api/auth/request-password-reset":
            return 200, {"status": True}, None
        if path.startswith("/api/auth/verify-email?"):
            return self.confirm(*parse_qs(urlsplit(path).query)["token"])
        if path == "/api/auth/sign-in/email":
            if self.users.get(body["email"]) != body["password"]:
                return 401, {}, None
            if self.secret and body["email"] not in self.confirmed:
                return 403, {"code": "EMAIL_NOT_VERIFIED"}, None
            self.signed_in = body["email"]
            return 200, {}, f"{COOKIE}=of%20sign-in; Path=/; Secure; HttpOnly"
        if f"{COOKIE}=of%20sign-in" not in cookie or not self.signed_in:
            return 401, {"detail": "sign in first"}, None
        if path == "/api/todos":
            return 200, self.todos, None
        if path.startswith("/api/todos/"):
            return self.change(method, path, body)
        if path == "/api/conversations":
            return 200, {"conversations": [{"id": "c"}] if self.said else []}, None
        if path == "/api/conversations/c":
            return 200, {"messages": [{"role": "user", "content": said} for said in self.said]}, None
        if path == "/api/me" and method == "DELETE":
            del self.users[self.signed_in]
            self.signed_in = None
            return 204, None, None
        return 200, {"conversation_id": "c", "reply": self.chat(body["message"])}, None

    def confirm(self, token):
        *signed, signature = token.split(".")
        _, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in signed)
        expected = hmac.digest(self.secret.encode(), ".".join(signed).encode(), hashlib.sha256)
        if base64.urlsafe_b64decode(signature + "==") != expected or claims["exp"] < time.time():
            return 401, {"code": "INVALID_TOKEN"}, None
        self.confirmed.add(claims["email"])
        return 200, {"status": True}, None

    def change(self, method, path, body):
        if path.endswith("/restore"):
            self.todos, self.deleted = self.deleted, []
            return 200, self.todos[0], None
        if method == "DELETE":
            self.todos, self.deleted = [], self.todos
            return 204, None, None
        todo = self.todos[0]
        if body["version"] != todo["version"]:
            return 409, {"todo": todo}, None
        todo.update(body, version=todo["version"] + 1)
        return 200, todo, None

    def chat(self, message):
        self.said.append(message)
        verb, _, rest = message.partition(" ")
        if verb == "add":
            self.todos.append({"id": "t", "number": 7, "title": rest, "completed": False, "version": 1})
        if verb == "complete":
            next(todo for todo in self.todos if str(todo["number"]) == rest)["completed"] = True
        return ", ".join(todo["title"] for todo in self.todos)

    def _handler(release):  # noqa: N805 - the handler's own methods have a self
        class Handler(BaseHTTPRequestHandler):
            def handle_one(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                cookie = self.headers.get("Cookie", "")
                status, content, set_cookie = release.answer(self.command, self.path, body, cookie)
                self.send_response(status)
                if set_cookie:
                    self.send_header("Set-Cookie", set_cookie)
                self.end_headers()
                if content is not None:
                    self.wfile.write(json.dumps(content).encode())

            do_GET = do_POST = do_PATCH = do_DELETE = handle_one  # noqa: N815 - the names that the base class calls

            def log_message(self, *_):
                pass

        return Handler


class ScriptTest(unittest.TestCase):
    def setUp(self):
        self.release = Release()
        self.addCleanup(self.release.close)
        patience = service.PATIENCE
        service.PATIENCE = 0
        self.addCleanup(setattr, service, "PATIENCE", patience)

    def journey(self, **variables):
        """Gives the exit code and what was printed."""
        environment = {
            "BACKEND_URL": self.release.url,
            "FRONTEND_URL": self.release.url,
            "PUBLIC_URL": "https://todo.example.com",
        }
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            code = journey.main(environment | variables)
        return code, printed.getvalue()


class JourneyTest(ScriptTest):
    def test_each_step_is_one_line_with_its_time(self):
        code, printed = self.journey()

        self.assertEqual(code, 0, printed)
        names = " ".join(line.split()[1] for line in printed.splitlines())
        self.assertEqual(
            names,
            "backend-health backend-ready backend-closed frontend-health frontend-page signing-keys"
            " sign-up sign-in add list complete check edit undo read-again delete-user",
        )
        for line in printed.splitlines():
            self.assertRegex(line, r"^ok [a-z-]+ \d+ms$")

    def test_where_addresses_are_confirmed_by_mail_it_confirms_its_own_and_goes_the_whole_way(self):
        self.release.secret = SECRET

        code, printed = self.journey(BETTER_AUTH_SECRET=SECRET)

        self.assertEqual(code, 0, printed)
        names = " ".join(line.split()[1] for line in printed.splitlines())
        self.assertIn("mail-server sign-up unconfirmed confirm sign-in add", names)
        self.assertTrue(names.endswith("delete-user"))
        self.assertEqual(self.release.users, {})

    def test_its_mail_would_go_to_nobody(self):
        self.release.secret = SECRET

        self.journey(BETTER_AUTH_SECRET=SECRET)

        [address] = self.release.confirmed
        self.assertRegex(address, r"^journey-[0-9a-f]{16}@todo-chatbot\.invalid$")

    def test_a_sign_in_before_the_address_is_confirmed_is_named(self):
        code, printed = self.journey(BETTER_AUTH_SECRET=SECRET)

        self.assertEqual(code, 1)
        self.assertIn("FAILED unconfirmed: POST /api/auth/sign-in/email answered 200, not 403", printed)

    def test_another_secret_than_the_front_ends_is_named(self):
        self.release.secret = SECRET

        code, printed = self.journey(BETTER_AUTH_SECRET=SECRET[::-1])

        self.assertEqual(code, 1)
        self.assertIn("FAILED confirm: GET /api/auth/verify-email answered 401, not 200", printed)

    def test_a_mail_server_that_is_away_is_named(self):
        self.release.broken["POST", "/api/auth/request-password-reset"] = (503, {"code": "MAIL_UNAVAILABLE"}, None)

        code, printed = self.journey(BETTER_AUTH_SECRET=SECRET)

        self.assertEqual(code, 1)
        self.assertEqual(
            printed.splitlines()[-1],
            'FAILED mail-server: POST /api/auth/request-password-reset answered 503, not 200: {"code": "MAIL_UNAVAILABLE"}',
        )
        self.assertEqual(self.release.users, {}, "a user signed up all the same")

    def test_leaves_no_user_behind(self):
        self.journey()

        self.assertEqual(self.release.users, {})

    def test_leaves_no_user_behind_when_a_step_fails(self):
        self.release.broken["POST", "/api/chat"] = (502, {"detail": "no model"}, None)

        code, printed = self.journey()

        self.assertEqual(code, 1)
        self.assertEqual(self.release.users, {})
        self.assertEqual(
            printed.splitlines()[-1],
            'FAILED add: POST /api/chat answered 502, not 200: {"detail": "no model"}',
        )

    def test_the_fault_makes_it_fail_where_it_checks(self):
        code, printed = self.journey(FAULT="true")

        self.assertEqual(code, 1)
        self.assertRegex(printed.splitlines()[-1], "^FAILED check: .*completed=True, not False")

    def test_a_stale_change_that_is_made_is_named(self):
        self.release.broken["PATCH", "/api/todos/t"] = (200, {"priority": "high"}, None)

        code, printed = self.journey()

        self.assertEqual(code, 1)
        self.assertIn("FAILED edit: PATCH /api/todos/t answered 200, not 409", printed)

    def test_a_conversation_that_was_not_kept_is_named(self):
        self.release.broken["GET", "/api/conversations"] = (200, {"conversations": []}, None)

        code, printed = self.journey()

        self.assertEqual(code, 1)
        self.assertIn("FAILED read-again: the conversations are []", printed)

    def test_prints_neither_password_nor_cookie(self):
        for broken in [None, ("POST", "/api/auth/sign-in/email"), ("POST", "/api/chat")]:
            with self.subTest(broken=broken):
                passwords = []
                self.release.broken = {broken: (500, "failed", None)} if broken else {}
                self.release.users = Remembering(passwords)

                _, printed = self.journey()

                self.assertTrue(passwords)
                self.assertNotIn(passwords[0], printed)
                self.assertNotIn("of%20sign-in", printed)

    def test_an_answer_of_another_shape_is_one_line(self):
        self.release.broken["POST", "/api/chat"] = (200, [], None)

        code, printed = self.journey()

        self.assertEqual(code, 1)
        self.assertRegex(printed.splitlines()[-1], "^FAILED add: an answer has another shape")

    def test_names_the_variables_that_are_missing(self):
        with self.assertRaisesRegex(SystemExit, "BACKEND_URL, PUBLIC_URL"):
            journey.main({"FRONTEND_URL": self.release.url})


class HealthTest(ScriptTest):
    def test_a_lost_database_is_named(self):
        self.release.broken["GET", "/health/ready"] = (503, {"database": "unreachable"}, None)

        code, printed = self.journey()

        self.assertEqual(code, 1)
        self.assertIn("FAILED backend-ready: GET /health/ready answered 503", printed)
        self.assertEqual(self.release.users, {}, "a user signed up all the same")

    def test_a_published_private_key_is_refused(self):
        self.release.broken["GET", "/api/auth/jwks"] = (200, {"keys": [{"d": "private"}]}, None)

        code, printed = self.journey()

        self.assertEqual(code, 1)
        self.assertIn("FAILED signing-keys", printed)
        self.assertNotIn("'d'", printed)


class ServiceTest(unittest.TestCase):
    def test_a_connection_that_is_refused_is_tried_again(self):
        waits = []
        # A clock that only waiting moves: how fast the machine is does not count.
        clock = SimpleNamespace(monotonic=lambda: sum(waits), sleep=waits.append)
        with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
            port = server.server_port
        # closed again: nothing listens there now

        with (
            mock.patch.object(service, "time", clock),
            self.assertRaisesRegex(service.Failed, f"no connection to 127.0.0.1:{port}"),
        ):
            service.Service(f"http://127.0.0.1:{port}").expect(200, "GET", "/")

        self.assertGreater(sum(waits), service.PATIENCE)


class Remembering(dict):
    """Users that remembers each password it was given."""

    def __init__(self, passwords):
        super().__init__()
        self.passwords = passwords

    def __setitem__(self, email, password):
        self.passwords.append(password)
        super().__setitem__(email, password)


if __name__ == "__main__":
    unittest.main()
