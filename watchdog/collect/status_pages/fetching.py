"""Gets one status page: bounded in time by its caller, in bytes and hops here."""

from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from typing import Final

import httpx
from msgspec import Struct

BODY_MAX: Final = 2 * 2**20
"""Bytes of a page that are read."""
HOPS_MAX: Final = 3
"""Redirects that are followed: pages move to other hosts now and then."""
ATTEMPTS: Final = 2
_TAG_MAX: Final = 200
_HEADERS: Final = {
    "accept": "application/json, application/rss+xml, application/atom+xml, */*;q=0.5",
    # Unpacked, a small answer may be a huge one.
    "accept-encoding": "identity",
    "user-agent": "stuck-eval-watchdog",
}


class Page(Struct, frozen=True):
    """An answer."""

    body: bytes | None
    """None where it is the same as last time."""
    tag: str = ""
    """Its ETag, to ask with next time."""


class UnreadableError(Exception):
    """A page can't be had. The text is for people and holds nothing foreign."""


class _PassingError(UnreadableError):
    """It may work at once if tried again."""


def make_client(timeout: float) -> httpx.AsyncClient:
    """A client without memory: no cookie is kept, so nothing can be shown to anybody."""
    return httpx.AsyncClient(
        timeout=timeout,
        follow_redirects=False,
        headers=_HEADERS,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


async def get_page(client: httpx.AsyncClient, url: str, tag: str) -> Page:
    """The page at `url`; what may pass is tried again once, at once.

    Args:
        client: made by `make_client`.
        url: where it is.
        tag: the ETag of the last answer, empty for none.

    Raises:
        UnreadableError: no page, for whichever reason.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return await _attempt(client, url, tag)
        except _PassingError:
            continue
    return await _attempt(client, url, tag)


async def _attempt(client: httpx.AsyncClient, url: str, tag: str) -> Page:
    try:
        return await _follow(client, _plain(url), tag)
    except httpx.TimeoutException as error:
        raise UnreadableError("no answer in time") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise UnreadableError("not an http(s) address") from error
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        raise _PassingError(f"no connection ({type(error).__name__})") from error


async def _follow(client: httpx.AsyncClient, url: httpx.URL, tag: str) -> Page:
    headers = {"if-none-match": tag} if tag else {}
    for _ in range(HOPS_MAX + 1):
        async with client.stream("GET", url, headers=headers) as response:
            if response.next_request is None:
                return await _read(response, tag)
            url = _checked(url, response.next_request.url)
    raise UnreadableError(f"more than {HOPS_MAX} redirects")


def _plain(url: str) -> httpx.URL:
    address = httpx.URL(url)
    if address.userinfo:
        raise UnreadableError("an address with credentials isn't asked")
    return address


def _checked(old: httpx.URL, new: httpx.URL) -> httpx.URL:
    """`new`, unless a page should have no reason to send us there."""
    downgrade = old.scheme == "https" and new.scheme != "https"
    if new.userinfo or downgrade or (new.host != old.host and _is_number(new.host)):
        raise UnreadableError("redirected to where it isn't followed")
    return new


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def _read(response: httpx.Response, tag: str) -> Page:
    status = response.status_code
    if status == 304 and tag:
        return Page(None, tag)
    if status != 200:
        raise (_PassingError if response.is_server_error else UnreadableError)(f"answered {status}")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise UnreadableError("answered in an encoding that wasn't asked for")
    body = await _bounded(response)
    return Page(body, _tag(response.headers.get("etag", "")))


async def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > BODY_MAX:
            raise UnreadableError(f"longer than {BODY_MAX // 2**20} MiB")
    return bytes(body)


def _tag(value: str) -> str:
    usable = len(value) <= _TAG_MAX and value.isascii() and value.isprintable()
    return value if usable else ""
