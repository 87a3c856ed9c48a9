"""One POST of JSON within bounded time and bytes; what goes wrong on the way is an outcome.

No text made here comes from httpx's exceptions, which name the address: it may be a secret.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping

import httpx

from watchdog.model.texts import clean
from watchdog.notify.channels.channel import Outcome
from watchdog.redaction import redact

ANSWER_MAX = 262_144
"""Bytes read of an answer: Slack's repeats the message, with its blocks."""
BRIEF_MAX = 1024
"""The same, where the status says nearly all."""
LONGEST_RETRY_AFTER = 3600.0

_KEPT = ("retry-after", "location", "x-oauth-scopes")


async def post(
    client: httpx.AsyncClient,
    url: httpx.URL,
    body: Mapping[str, object] | bytes,
    seconds: float,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response | Outcome:
    """The answer, or why there is none.

    Args:
        client: whose connections are used.
        url: where to.
        body: what is sent; bytes are JSON already, and signed perhaps.
        seconds: the time-out of each step.
        headers: sent beside the client's own.
    """
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    content_type = {"Content-Type": "application/json"}
    request = client.build_request(
        "POST", url, content=content, headers={**content_type, **(headers or {})}
    )
    return await exchange(request, client, seconds)


async def exchange(
    request: httpx.Request, client: httpx.AsyncClient, seconds: float
) -> httpx.Response | Outcome:
    """The answer to a request, or why there is none; `seconds` as above."""
    return await _exchange(request, client, seconds, _read)


async def brief(
    request: httpx.Request, client: httpx.AsyncClient, seconds: float
) -> httpx.Response | Outcome:
    """The same with the first bytes of the answer alone; what is packed is not unpacked."""
    return await _exchange(request, client, seconds, _begin)


async def _exchange(
    request: httpx.Request,
    client: httpx.AsyncClient,
    seconds: float,
    read: Callable[[httpx.Response], Awaitable[httpx.Response]],
) -> httpx.Response | Outcome:
    try:
        async with asyncio.timeout(seconds * 1.5):
            response = await client.send(request, stream=True)
            try:
                return await read(response)
            finally:
                await response.aclose()
    except TimeoutError:
        return Outcome("retry", f"no answer within {seconds:g} s")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return Outcome("retry", f"no connection ({type(error).__name__})")


async def _read(response: httpx.Response) -> httpx.Response:
    content = b""
    async for part in response.aiter_bytes():
        content += part
        if len(content) > ANSWER_MAX:
            break
    return _kept(response, content[:ANSWER_MAX])


async def _begin(response: httpx.Response) -> httpx.Response:
    content = b""
    if response.headers.get("content-encoding", "identity") == "identity":
        async for part in response.aiter_raw():
            content += part
            if len(content) > BRIEF_MAX:
                break
    return _kept(response, content[:BRIEF_MAX])


def _kept(response: httpx.Response, content: bytes) -> httpx.Response:
    # of the headers only these: the body is decoded already
    headers = {name: response.headers[name] for name in _KEPT if name in response.headers}
    return httpx.Response(response.status_code, headers=headers, content=content)


def judged(response: httpx.Response, secrets: Iterable[str] = ()) -> Outcome:
    """What an answer means where its status says it all; `secrets` are left out of its words."""
    words = clean(redact(response.text[:2000], secrets), 60)
    status = f"{response.status_code} {words}".strip()
    if response.is_success:
        return Outcome("sent", status)
    if may_pass(response):
        return Outcome("retry", status, retry_after(response))
    if response.is_redirect:
        return Outcome("refused", f"{response.status_code} redirects are not followed")
    return Outcome("refused", status)


def may_pass(response: httpx.Response) -> bool:
    """Whether the same request may work later."""
    return response.status_code in {408, 429} or response.is_server_error


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the other side asks to wait."""
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, LONGEST_RETRY_AFTER) if seconds > 0 else None


def base_address(url: str, name: str = "slack") -> httpx.URL:
    """A base address, without a slash at its end.

    Raises:
        ValueError: no http(s) address. The text has the `name` of what it is for instead.
    """
    return address(url.rstrip("/"), f"{name}: the base address")


def address(url: str, name: str) -> httpx.URL:
    """An http or https address.

    Raises:
        ValueError: it is none. The text has its `name` and doesn't hold it.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise ValueError(f"{name} is not a URL") from None
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ValueError(f"{name} needs http or https")
    return parsed
