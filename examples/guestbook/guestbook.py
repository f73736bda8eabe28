"""A guestbook: GET / gives what was signed, POST / signs. It is an example, and forgets everything when it ends."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ENTRIES: list[str] = []
LONGEST = 1000


class Guestbook(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer(200, "\n".join(ENTRIES))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or not 0 < int(length) <= LONGEST:
            self.answer(413, f"write 1 to {LONGEST} bytes")
            return
        ENTRIES.append(self.rfile.read(int(length)).decode(errors="replace"))
        self.answer(201, "signed")

    def answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("", 8000), Guestbook).serve_forever()
