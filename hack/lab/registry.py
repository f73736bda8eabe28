"""A registry on every address of this machine that is busy or slow: each request for a manifest gets a 429, or the one of a file
after some seconds.

    registry.py PORT              every answer is 429, as a public registry's at its limit
    registry.py PORT FILE SECONDS the manifest in FILE, after SECONDS

It ends after twenty minutes by itself.
"""

import hashlib
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, manifest, seconds = int(sys.argv[1]), sys.argv[2:3], float((sys.argv[3:] or ["0"])[0])
# Without one everybody is refused.
content = open(manifest[0], "rb").read() if manifest else b""


class Registry(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self):
        if not content:
            self.answer(429, {"Retry-After": "600"}, b'{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate limit"}]}')
            return
        time.sleep(seconds)
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        if not self.path.endswith(digest):
            self.answer(404, {}, b"")
            return
        kind = json.loads(content).get("mediaType", "application/vnd.oci.image.manifest.v1+json")
        self.answer(200, {"Content-Type": kind, "Docker-Content-Digest": digest}, content)

    do_HEAD = do_GET


threading.Timer(1200, lambda: os._exit(0)).start()
ThreadingHTTPServer(("0.0.0.0", port), Registry).serve_forever()
