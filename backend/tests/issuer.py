"""A stand-in for the front end's sign-in: real keys, real tokens, a real HTTP server."""

import json
import time
from http.server import BaseHTTPRequestHandler
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from endpoint import Endpoint, Quiet

ISSUER = "http://localhost:3000"
AUDIENCE = "todo-chatbot"


class SigningKey:
    """An Ed25519 key pair with an id."""

    def __init__(self) -> None:
        self.kid = uuid4().hex
        self.private = Ed25519PrivateKey.generate()

    @property
    def jwk(self) -> dict[str, str]:
        """The public half, as Better Auth publishes it."""
        public = OKPAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**public, "alg": "EdDSA", "kid": self.kid}

    def token(self, subject: object = "alice", **changes: object) -> str:
        """Sign a token for a user; `changes` replace claims, None takes one out."""
        now = int(time.time())
        claims = {"sub": subject, "iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 900}
        claims = {k: v for k, v in (claims | changes).items() if v is not None}
        return jwt.encode(claims, self.private, "EdDSA", headers={"kid": self.kid})


class JwksServer(Endpoint):
    """Serves `keys` under /api/auth/jwks, counts the requests, and fails when told to."""

    def __init__(self, *keys: SigningKey) -> None:
        self.document: object = {"keys": [key.jwk for key in keys]}
        self.status = 200
        self.requests = 0
        outer = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests += 1
                body = json.dumps(outer.document).encode()
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        super().__init__(Handler)

    @property
    def url(self) -> str:
        return f"{self.origin}/api/auth/jwks"

    def publish(self, *keys: SigningKey) -> None:
        self.document = {"keys": [key.jwk for key in keys]}
