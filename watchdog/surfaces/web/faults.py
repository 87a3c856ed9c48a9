"""A flaw of ours costs one answer and one line in the log, and tells the client nothing."""

import traceback

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchdog.surfaces.web.answers import error

log = structlog.get_logger(__name__)


class Faults:
    """Answers 500 where a route failed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on; what fails ends here."""
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, note)
        except Exception as flaw:  # noqa: BLE001 - said, by its kind and its place
            _say(scope["path"], flaw)
            if begun:
                abort(scope)
            else:
                await error(scope["path"], 500, "internal error")(scope, receive, send)


def abort(scope: Scope) -> None:
    """Cut the connection: its answer will not be complete. Without a server nothing is cut."""
    scope.get("state", {}).get("abort", lambda: None)()


def _say(route: str, flaw: Exception) -> None:
    log.error("request_failed", route=route, error=type(flaw).__name__, at=_place(flaw))


def _place(flaw: Exception) -> str:
    frames = traceback.extract_tb(flaw.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
