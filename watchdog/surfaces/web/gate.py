"""What is looked at before any route: how the request names us, and which page it comes from."""

from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from watchdog.surfaces.web.answers import error
from watchdog.surfaces.web.endpoints import PROBED
from watchdog.surfaces.web.hosts import Hosts

EVIDENCE = "/evidence"
_SCHEMES = ("http://", "https://")


class Gate:
    """Lets through what asks for us by our name."""

    def __init__(self, app: ASGIApp, hosts: Hosts | None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on, or refuse."""
        if scope["type"] != "http":
            return
        scope, host = _origin_form(scope)
        refusal = self._refusal(scope, host)
        await (self._app if refusal is None else refusal)(scope, receive, send)

    def _refusal(self, scope: Scope, host: str | None) -> Response | None:
        path, headers = scope["path"], Headers(scope=scope)
        if self._hosts is None or path in PROBED:
            return None
        if not self._hosts.allows(host):
            return error(
                path,
                421,
                "this name is not the watchdog's: set external_url to the page's address, or add "
                "the name to web.hosts (WATCHDOG_WEB_HOSTS), or ask by IP address or localhost",
            )
        if not self._is_ours(headers, host, scope["scheme"]):
            return error(
                path,
                403,
                "a page of another origin asks; where it is the watchdog's own behind a proxy, "
                "set external_url to its address",
            )
        if _is_drawn_in(headers, path):
            return error(path, 403, "another site's page asks; open the watchdog's own page")
        return None

    def _is_ours(self, headers: Headers, host: str | None, scheme: str) -> bool:
        origins = headers.getlist("origin")
        return self._hosts is None or all(
            self._hosts.allows_origin(origin.lower(), host, scheme) for origin in origins
        )


def _is_drawn_in(headers: Headers, path: str) -> bool:
    """Whether another site's page embeds it; a link to all but a bundle may be followed."""
    if headers.get("sec-fetch-site", "") != "cross-site":
        return False
    return path == EVIDENCE or headers.get("sec-fetch-mode", "") != "navigate"


def _origin_form(scope: Scope) -> tuple[Scope, str | None]:
    """A request's path and host, also of one in absolute form, as proxies are asked (RFC 9112)."""
    target = scope.get("raw_path", b"").decode("ascii", "replace")
    if not target.lower().startswith(_SCHEMES):
        return scope, Headers(scope=scope).get("host")
    authority, _, rest = target.partition("://")[2].partition("/")
    return {**scope, "path": f"/{unquote(rest)}", "raw_path": f"/{rest}".encode()}, authority
