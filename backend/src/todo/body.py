"""The largest body that a request may have."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from todo.problems import answer_to

# A message of 4000 characters is at most 48 kB of JSON, each escaped as a surrogate pair.
LARGEST_BODY = 64 * 1024


class BodyTooLargeError(HTTPException):
    """The sender is told, and the connection ends: the rest of the body is not read."""

    def __init__(self) -> None:
        detail = f"the body is larger than {LARGEST_BODY} bytes; send less at once"
        super().__init__(413, detail, headers={"Connection": "close"})


class BodyLimit:
    """ASGI middleware: refuses a body by its announced length, or as soon as it is too long."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a body that ends, or refuse it unread."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > LARGEST_BODY:
            await answer_to(BodyTooLargeError())(scope, receive, send)
            return
        size = 0

        async def limited() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > LARGEST_BODY:
                raise BodyTooLargeError
            return message

        await self._app(scope, limited, send)
