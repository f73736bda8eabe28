"""A user's way through the release: signs up, keeps a list by chatting, and leaves nothing behind."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import sys
import time

import health
from service import Failed, Service, check, require, run

TITLE = "buy milk"


class Journey:
    """A user who did not exist before and does not exist afterwards.

    `secret` is BETTER_AUTH_SECRET where an address has to be confirmed, and None where it has not.
    """

    def __init__(self, frontend, fault=False, secret=None):
        self.frontend = frontend
        self.fault = fault
        self.secret = secret
        self.user = {
            "name": "Journey",
            # nobody's mailbox, and never anybody's: the front end sends no mail there
            "email": f"journey-{secrets.token_hex(8)}@todo-chatbot.invalid",
            "password": secrets.token_urlsafe(24),
        }
        self.conversation = None
        self.number = None
        self.exists = False

    def steps(self):
        """The steps' names, as they are reported, and what each does."""
        sign_up = [("sign-up", self.sign_up)]
        if self.secret:
            sign_up = [("mail-server", self.mail_server), *sign_up]
            sign_up += [("unconfirmed", self.unconfirmed), ("confirm", self.confirm)]
        return [
            *sign_up,
            ("sign-in", self.sign_in),
            ("add", self.add),
            ("list", self.list),
            ("complete", self.complete),
            ("check", self.check),
            ("edit", self.edit),
            ("undo", self.undo),
            ("read-again", self.read_again),
            ("delete-user", self.delete_user),
        ]

    def mail_server(self):
        # the mail server is signed in to, and sends nothing: there is no such account
        self.frontend.expect(200, "POST", "/api/auth/request-password-reset", {"email": self.user["email"]})

    def sign_up(self):
        self.frontend.expect(200, "POST", "/api/auth/sign-up/email", self.user)
        self.exists = True

    def unconfirmed(self):
        self.frontend.expect(403, "POST", "/api/auth/sign-in/email", self.credentials())
        self.frontend.expect(401, "GET", "/api/todos")

    def confirm(self):
        # the token of the mail, made by the secret that the front end makes it by
        claims = {"email": self.user["email"], "exp": int(time.time()) + 300}
        token = signed(claims, self.secret)
        self.frontend.expect(200, "GET", f"/api/auth/verify-email?token={token}")

    def sign_in(self):
        # signing up may sign in as well; this has to do without what that left
        self.frontend.cookies.clear()
        self.frontend.expect(200, "POST", "/api/auth/sign-in/email", self.credentials())
        check(self.frontend.cookies, "no cookie was set")

    def add(self):
        self.say(f"add {TITLE}")
        self.number = self.todo()["number"]

    def list(self):
        reply = self.say("list")
        check(TITLE in reply.lower(), f'"{TITLE}" is not in the reply')

    def complete(self):
        self.say(f"complete {self.number}")

    def check(self):
        completed = self.todo()["completed"]
        expected = not self.fault
        check(completed is expected, f'"{TITLE}" has completed={completed}, not {expected}')

    def edit(self):
        before = self.todo()
        path, change = f"/api/todos/{before['id']}", {"priority": "high", "version": before["version"]}
        edited = self.frontend.expect(200, "PATCH", path, change)
        check(edited["priority"] == "high", f"the priority is {edited['priority']}, not high")
        stale = self.frontend.expect(409, "PATCH", path, change)
        check(stale["todo"] == edited, "a stale change is not told what is there now")

    def undo(self):
        before = self.todo()
        path = f"/api/todos/{before['id']}"
        self.frontend.expect(204, "DELETE", f"{path}?version={before['version']}")
        self.frontend.expect(200, "POST", f"{path}/restore")
        check(self.todo()["number"] == before["number"], "the restored todo has another number")

    def read_again(self):
        page = self.frontend.expect(200, "GET", "/api/conversations")
        identifiers = [conversation["id"] for conversation in page["conversations"]]
        check(identifiers == [self.conversation], f"the conversations are {identifiers}, not the one that was had")
        read = self.frontend.expect(200, "GET", f"/api/conversations/{self.conversation}")
        said = [message["content"] for message in read["messages"] if message["role"] == "user"]
        check(said[0] == f"add {TITLE}", f"the conversation begins with {said[0]!r}")

    def delete_user(self):
        self.frontend.expect(204, "DELETE", "/api/me")
        self.exists = False
        status, _ = self.frontend.call("GET", "/api/todos")
        check(status == 401, f"GET /api/todos answered {status} after the user was deleted, not 401")

    def credentials(self):
        return {key: self.user[key] for key in ("email", "password")}

    def say(self, message):
        """Sends a chat message in this conversation and gives the reply."""
        answer = self.frontend.expect(
            200, "POST", "/api/chat", {"message": message, "conversation_id": self.conversation}
        )
        self.conversation = answer["conversation_id"]
        return answer["reply"]

    def todo(self):
        """Gives the one todo that this user has."""
        todos = self.frontend.expect(200, "GET", "/api/todos")
        check(len(todos) == 1, f"the user has {len(todos)} todos, not 1")
        check(TITLE in todos[0]["title"].lower(), f'the todo is not "{TITLE}"')
        return todos[0]

    def clean_up(self):
        """After a failure: takes the user away if there is one, and says nothing if that fails too."""
        if self.exists:
            with contextlib.suppress(Failed):
                self.frontend.call("DELETE", "/api/me")


def signed(claims, secret):
    """Gives a JSON Web Token of these claims, signed by HMAC with SHA-256."""

    def encoded(content):
        return base64.urlsafe_b64encode(content).rstrip(b"=")

    parts = [encoded(json.dumps(part).encode()) for part in ({"alg": "HS256"}, claims)]
    signature = hmac.digest(secret.encode(), b".".join(parts), hashlib.sha256)
    return b".".join([*parts, encoded(signature)]).decode()


def main(environment):
    """Runs the journey and gives the exit code."""
    urls = require(environment, "BACKEND_URL", "FRONTEND_URL", "PUBLIC_URL")
    backend_url, frontend_url, public_url = urls
    frontend = Service(frontend_url, origin=public_url)
    journey = Journey(frontend, fault=environment.get("FAULT") == "true", secret=environment.get("BETTER_AUTH_SECRET"))
    try:
        # a part that does not answer is named as such, and not as the step of the user who met it
        return run(health.steps(Service(backend_url), frontend) + journey.steps())
    finally:
        journey.clean_up()


if __name__ == "__main__":
    sys.exit(main(os.environ))
