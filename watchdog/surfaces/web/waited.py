"""An answer that is made while its client waits: who goes away ends what is read for them."""

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from watchdog.surfaces.web.answers import error
from watchdog.surfaces.web.handout import while_connected
from watchdog.surfaces.web.inside import Busy

AGAIN = {"Retry-After": "5"}


class Waited(Response):
    """An answer that is still to be made."""

    def __init__(self, make: Callable[[], Awaitable[Response]]) -> None:
        super().__init__()
        self._make = make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make and send it."""
        try:
            answer = await while_connected(receive, self._make())
        except Busy as busy:
            answer = error(scope["path"], 429, str(busy), AGAIN)
        except HTTPException as refusal:
            answer = error(scope["path"], refusal.status_code, refusal.detail)
        if answer is not None:
            await answer(scope, receive, send)
