"""Whether a request that changes something comes from a page of ours, and what it says.

Against forged requests (CSRF), as OWASP's cheat sheet has it
(https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html),
each by itself enough in a browser of today: what the browser says of the page that asks
(`Sec-Fetch-Site`, `Origin`), cookies that it sends to no other site's request (SameSite), a token
in the form that belongs to a cookie (signed double submit), and for programs a content type that
no form can have.
"""

import hashlib
import hmac
import secrets
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from watchdog.model.acts import BY_MAX
from watchdog.model.texts import clean
from watchdog.surfaces.web.hosts import Hosts

NAME_COOKIE, FORM_COOKIE = "watchdog-name", "watchdog-form"
YEAR = 365 * 86_400
BODY_MAX = 16 * 1024
"""Bytes."""
FIELDS_MAX = 20
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
STALE = "this form is too old, or not from here: open it anew"


class Forms:
    """Tokens of one process: a form from before a restart has to be opened anew."""

    def __init__(self, hosts: Hosts | None) -> None:
        self._hosts = hosts
        self._key = secrets.token_bytes(32)

    def token(self, cookie: str, user: str) -> str:
        """What belongs to a cookie and to who a login says it is."""
        return hmac.new(self._key, f"{cookie}\0{user}".encode(), hashlib.sha256).hexdigest()

    async def form(self, request: Request, user: str) -> dict[str, str]:
        """The fields of a form of ours.

        Raises:
            HTTPException: 403, another page sent it; 413, 415.
        """
        self._of_ours(request)
        if "origin" not in request.headers and "sec-fetch-site" not in request.headers:
            raise HTTPException(403, "a form needs a browser; programs have /api/v1/incidents")
        fields = _fields(await _body(request, FORM))
        cookie = request.cookies.get(FORM_COOKIE, "")
        wanted = self.token(cookie, user)
        if not cookie or not hmac.compare_digest(wanted, _ascii(fields.get("token", ""))):
            raise HTTPException(403, STALE)
        return fields

    async def json(self, request: Request) -> bytes:
        """The body of a program's request.

        Raises:
            HTTPException: 403, another site's page sent it; 413, 415.
        """
        self._of_ours(request)
        if "content-type" not in request.headers and not await request.body():
            return b""
        return await _body(request, JSON)

    def _of_ours(self, request: Request) -> None:
        """Raises: HTTPException: 403, the browser says that another page asks."""
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise HTTPException(403, "another page asks; open the watchdog's own page")
        for origin in request.headers.getlist("origin"):
            if not self._is_ours(origin.lower(), request):
                raise HTTPException(403, "a page of another origin asks")

    def _is_ours(self, origin: str, request: Request) -> bool:
        """Also where the watchdog may be asked by any name: of the name that was asked."""
        hosts = self._hosts
        names = Hosts(frozenset(), hosts.origins if hosts is not None else frozenset())
        return names.allows_origin(origin, request.headers.get("host"), request.url.scheme)


def name_of(request: Request) -> str:
    """What who asks called themselves last."""
    return clean(unquote(request.cookies.get(NAME_COOKIE, "")[: 12 * BY_MAX]), BY_MAX)


def form_cookie(request: Request) -> str:
    """The cookie that forms belong to: who has none gets one."""
    known = request.cookies.get(FORM_COOKIE, "")
    return known if known.isalnum() and len(known) == 32 else secrets.token_hex(16)


def keep(request: Request, response: Response, name: str, value: str, seconds: int | None) -> None:
    """Set a cookie that no script reads, and that no other site's request carries."""
    response.set_cookie(
        name,
        quote(value, safe=""),
        max_age=seconds,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https" or _was_https(request),
    )


def _was_https(request: Request) -> bool:
    """Whether the page that sent it was: a proxy may end TLS."""
    return urlsplit(request.headers.get("origin", "")).scheme == "https"


async def _body(request: Request, content_type: str) -> bytes:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != content_type:
        raise HTTPException(415, f"should be {content_type}")
    body = await request.body()
    if len(body) > BODY_MAX:
        raise HTTPException(413, f"more than {BODY_MAX:,} bytes")
    return body


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except (ValueError, UnicodeDecodeError):
        raise HTTPException(400, "no form that can be read") from None
    return dict(pairs)


def _ascii(text: str) -> str:
    """`compare_digest` takes no other texts."""
    return text if text.isascii() else ""
