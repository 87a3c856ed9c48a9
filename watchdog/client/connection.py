"""Questions to a service's API: bounded in time and size, asked again where that may help."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import TypeVar

import httpx
import msgspec
from msgspec import Struct

from watchdog import __version__
from watchdog.client.errors import NoAnswerError, NotFoundError
from watchdog.errors import UsageError
from watchdog.model.texts import clean
from watchdog.surfaces.web.answers import JSON, Refusal

T = TypeVar("T")
Query = Sequence[tuple[str, str]]

ANSWER_MAX = 64 * 1024 * 1024
"""Bytes of an answer, unpacked: the report of 10,000 running samples has 15 MB."""
TIMES = httpx.Timeout(10.0, connect=5.0)
"""Seconds: to connect, and between two pieces of an answer."""
WHOLE_SECONDS = 60.0
"""For an answer as a whole."""
WAITS = (0.3, 1.0)
"""Seconds before an attempt that follows a failed one."""
AGAIN = frozenset({429, 502, 503, 504})
"""Statuses that may be others in a moment."""


class Answer(Struct, frozen=True):
    """Status, kind and body."""

    status: int
    content_type: str
    body: bytes
    etag: str = ""


class Connection:
    """One service. Raises `UsageError`s that say what is wrong in one line, for people."""

    def __init__(self, server: str, token: str | None) -> None:
        """Args: server: its address, a proxy's path included; token: shown as a bearer token.

        Raises:
            UsageError: the address is none.
        """
        try:
            url = httpx.URL(server)
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme not in {"http", "https"} or not url.host:
            raise UsageError(f"{clean(server, 200)}: no http(s) address of a service")
        self.name = str(url.copy_with(userinfo=b"", query=None, fragment=None)).rstrip("/")
        headers = {"Accept": JSON, "User-Agent": f"stuck-eval-watchdog/{__version__}"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        # what the environment says of proxies is not for this machine
        self._client = httpx.AsyncClient(
            headers=headers, timeout=TIMES, follow_redirects=False, trust_env=not is_loopback(url)
        )
        self._known: dict[str, Answer] = {}

    async def get(self, path: str, record: type[T], query: Query = ()) -> T:
        """What stands at an address of its API.

        Raises:
            NotFoundError: the service has no such thing.
            NoAnswerError: it can't be asked now.
            UsageError: it refuses, or is no watchdog.
        """
        return self._record(await self._answer(path, query), record)

    async def post(self, path: str, body: bytes, record: type[T], query: Query = ()) -> T:
        """What an address answers that was sent JSON, once: nobody knows what a lost answer said.

        Raises:
            NotFoundError, NoAnswerError, UsageError: as of `get`.
        """
        answer = await self._asked("POST", path, query, {"Content-Type": JSON}, body)
        return self._record(answer, record)

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def _answer(self, path: str, query: Query) -> Answer:
        """The first attempt's that has one, or the last's."""
        for wait in WAITS:
            with suppress(NoAnswerError):
                answer = await self._attempt(path, query)
                if answer.status not in AGAIN:
                    return answer
            await asyncio.sleep(wait)
        return await self._attempt(path, query)

    async def _attempt(self, path: str, query: Query) -> Answer:
        key = f"{path}?{query}"
        known = self._known.get(key)
        headers = {"If-None-Match": known.etag} if known is not None else {}
        answer = await self._asked("GET", path, query, headers)
        if answer.status == 304 and known is not None:
            return known
        if answer.etag and answer.status == 200:
            self._known = {key: answer}  # the last one alone: what is watched is asked for again
        return answer

    async def _asked(
        self,
        method: str,
        path: str,
        query: Query,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        """One answer, of any status.

        Raises:
            NoAnswerError: there was none.
        """
        parameters = httpx.QueryParams(list(query))
        try:
            request = self._client.build_request(
                method, f"{self.name}{path}", params=parameters, headers=headers, content=body
            )
            async with asyncio.timeout(WHOLE_SECONDS):
                return await self._fetch(request)
        except (TimeoutError, httpx.TimeoutException):
            raise NoAnswerError(f"{self.name} doesn't answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            raise NoAnswerError(f"{self.name} can't be reached: {_why(error)}") from None

    async def _fetch(self, request: httpx.Request) -> Answer:
        response = await self._client.send(request, stream=True)
        try:
            parts, size = [], 0
            async for part in response.aiter_bytes():
                size += len(part)
                if size > ANSWER_MAX:
                    raise UsageError(f"{self.name}: an answer of more than {ANSWER_MAX:,} bytes")
                parts.append(part)
        finally:
            await response.aclose()
        kind = response.headers.get("content-type", "")
        etag = response.headers.get("etag", "")
        return Answer(response.status_code, kind, b"".join(parts), etag)

    def _record(self, answer: Answer, record: type[T]) -> T:
        if answer.status != 200:
            raise self._refusal(answer)
        try:
            return msgspec.json.decode(answer.body, type=record)
        except (msgspec.DecodeError, RecursionError) as error:
            raise UsageError(self._stranger(answer, error)) from None

    def _refusal(self, answer: Answer) -> UsageError:
        """Why there is no record."""
        said = _said(answer)
        if answer.status == 404 and said:
            return NotFoundError(said)
        if answer.status in {401, 403} or 300 <= answer.status < 400:
            return UsageError(f"{self.name}: {_access(answer.status, said)}")
        if answer.status in AGAIN:
            return NoAnswerError(f"{self.name}: {said or f'status {answer.status}'}")
        if said:
            return UsageError(f"{self.name}: {said}")
        return UsageError(self._stranger(answer, None))

    def _stranger(self, answer: Answer, error: Exception | None) -> str:
        if answer.status == 200 and answer.content_type.startswith(JSON) and error is not None:
            return f"{self.name}: its answer is of another version: {clean(str(error), 200)}"
        return (
            f"{self.name} answers, but not as a watchdog does (status {answer.status}, "
            f"{clean(answer.content_type, 60) or 'no content type'})"
        )


def is_loopback(url: httpx.URL) -> bool:
    """Whether it is this machine."""
    try:
        return url.host == "localhost" or ip_address(url.host).is_loopback
    except ValueError:
        return False


def _access(status: int, said: str) -> str:
    """What to do where a service doesn't let in who asks."""
    if 300 <= status < 400:
        return "it leads elsewhere, to a login perhaps: WATCHDOG_TOKEN shows it a token"
    if status == 401:
        return "it wants to know who asks: WATCHDOG_TOKEN shows it a token (docs/access.md)"
    return f"it refuses: {said or 'status 403'}"


def _said(answer: Answer) -> str:
    """The refusal of a watchdog in its own words; empty where it is none."""
    if not answer.content_type.startswith(JSON):
        return ""
    try:
        return clean(msgspec.json.decode(answer.body, type=Refusal).error, 300)
    except (msgspec.DecodeError, RecursionError):
        return ""


def _why(error: BaseException) -> str:
    """A reason without an address, which may hold a password."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        if isinstance(cause, OSError) and cause.strerror:
            return clean(cause.strerror, 100)
        cause = cause.__cause__ or cause.__context__
    text = str(error).lower()
    if "refused" in text or "all connection attempts failed" in text:
        return "connection refused"
    return type(error).__name__
