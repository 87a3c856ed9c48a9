"""Sends one test and says how it ended. The only place where a credential meets the network."""

import asyncio
import time
from collections.abc import Callable, Sequence

import httpx

from watchdog.collect.probes.dialects import Message, bearer
from watchdog.collect.probes.reading import RequestResult, read_answer, read_failure
from watchdog.collect.probes.routes import Address

BODY_MAX = 1_048_576
"""Bytes of an answer that are read."""
CONNECT_SECONDS = 15.0

Redact = Callable[[str], str]


class ProbeClient:
    """An HTTP client for tests: no redirects, no retries, bounded in time and size.

    A test is not repeated at once: whether it fails is what is asked. The next round repeats it.
    """

    def __init__(self, timeout: float, max_output_tokens: int) -> None:
        self._timeout = timeout
        self._max_output_tokens = max_output_tokens
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
            follow_redirects=False,
            # a proxy of the environment sees what goes over plain HTTP, credentials included
            mounts={"http://": None},
        )

    async def send(
        self, address: Address, key: str, messages: Sequence[Message], now: float
    ) -> tuple[RequestResult, float]:
        """Send `messages`, and how that ended, with the seconds that it took.

        Args:
            address: where to.
            key: the credential, shown to that host and nobody else.
            messages: what is sent.
            now: when it began, seconds since the epoch.
        """
        started_at = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                result = await self._send(address, key, messages, now)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            result = read_failure(error)
        return result, time.monotonic() - started_at

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _send(
        self, address: Address, key: str, messages: Sequence[Message], now: float
    ) -> RequestResult:
        dialect = address.dialect
        auth_header = bearer(key) if address.route == "middleman" else dialect.key_header(key)
        async with self._client.stream(
            "POST",
            address.url + dialect.path(address.model),
            json=dialect.body(address.model, messages, self._max_output_tokens),
            headers={**dialect.headers, **auth_header},
        ) as response:
            body = await _bounded(response)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return read_answer(response.status_code, headers, body, dialect, now)


async def _bounded(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > BODY_MAX:
            return body[:BODY_MAX]
    return body
