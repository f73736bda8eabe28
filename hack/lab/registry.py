"""A registry on every address of this machine that is busy or slow.

    registry.py PORT                       every answer is 429, as a public registry's at its limit
    registry.py PORT MANIFEST BLOB SECONDS the manifest in one file at once, and what is in the other byte by byte for so long

It ends after twenty minutes by itself.
"""

import hashlib
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, files, seconds = int(sys.argv[1]), sys.argv[2:4], float((sys.argv[4:] or ["0"])[0])
# By digest. Without any everybody is refused.
contents = {"sha256:" + hashlib.sha256(raw).hexdigest(): raw for raw in (open(file, "rb").read() for file in files)}
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Registry(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.send_body(body)

    def send_body(self, body):
        pieces = [body[i : i + 100] for i in range(0, len(body), 100)]
        for piece in pieces:
            self.wfile.write(piece)
            if "/blobs/" in self.path:
                time.sleep(seconds / len(pieces))

    def do_GET(self):
        digest = self.path.rsplit("/", 1)[1]
        if not contents:
            self.answer(429, {"Retry-After": "600"}, b'{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate limit"}]}')
        elif digest not in contents:
            self.answer(404, {}, b"")
        else:
            manifest = "/manifests/" in self.path
            kind = json.loads(contents[digest]).get("mediaType", MANIFEST) if manifest else "application/octet-stream"
            self.answer(200, {"Content-Type": kind, "Docker-Content-Digest": digest}, contents[digest])

    do_HEAD = do_GET


threading.Timer(1200, lambda: os._exit(0)).start()
ThreadingHTTPServer(("0.0.0.0", port), Registry).serve_forever()
