"""The identity provider's keys: fetched when they are needed, kept for a while."""

import asyncio
import json
from collections.abc import Callable
from typing import Final

import httpx
import structlog

from watchdog.config.web import Oidc
from watchdog.surfaces.web.access.claims import Key, public_keys

BODY_MAX: Final = 1024 * 1024
"""Bytes of a JWKS."""
SECONDS: Final = 5.0
AGAIN_AFTER: Final = 60.0
"""Seconds between two fetches because of a key that isn't known."""
FAILED_AGAIN_AFTER: Final = 10.0
"""Seconds between two fetches after one that failed."""

log = structlog.get_logger(__name__)


class KeysUnavailableError(Exception):
    """No keys that still count: nobody can be told apart, so nobody is let in."""


class Keys:
    """Keys of one provider. Used from one event loop; `clock` gives seconds since the epoch."""

    def __init__(self, oidc: Oidc, clock: Callable[[], float]) -> None:
        self._oidc = oidc
        self._clock = clock
        self._keys: tuple[Key, ...] = ()
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    async def current(self, *, anew: bool = False) -> tuple[Key, ...]:
        """The keys that count.

        Args:
            anew: whether one is missing, so that it is worth to look for new ones.

        Raises:
            KeysUnavailableError: there are none, and none can be fetched.
        """
        async with self._lock:
            if self._is_due(anew=anew):
                await self._fetch()
        if self._fetched_at is None or self._age(self._fetched_at) > self._oidc.jwks_keep:
            raise KeysUnavailableError
        return self._keys

    def _is_due(self, *, anew: bool) -> bool:
        old = self._fetched_at is None or self._age(self._fetched_at) >= self._oidc.jwks_max_age
        if self._tried_at is None:
            return True
        failed = self._tried_at != self._fetched_at
        rest = FAILED_AGAIN_AFTER if failed and old else AGAIN_AFTER
        return (old or anew) and self._age(self._tried_at) >= rest

    def _age(self, instant: float) -> float:
        # a clock that was set back makes nothing young
        age = self._clock() - instant
        return age if age >= 0 else float("inf")

    async def _fetch(self) -> None:
        self._tried_at = self._clock()
        try:
            async with asyncio.timeout(SECONDS):
                keys = public_keys(await _document(self._oidc.jwks_url))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            why = f"{type(error).__name__}: {error}".strip(": ")
            log.warning("keys_not_fetched", url=self._oidc.jwks_url, detail=why[:200])
            return
        self._keys, self._fetched_at = keys, self._tried_at


async def _document(url: str) -> object:
    """Raises: ValueError: it is no JSON, too large, or the answer is another than 200."""
    body = bytearray()
    headers = {"accept": "application/json", "accept-encoding": "identity"}
    async with (
        httpx.AsyncClient(timeout=SECONDS, follow_redirects=False, headers=headers) as client,
        client.stream("GET", url) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise ValueError(f"status {answer.status_code}")
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > BODY_MAX:
                raise ValueError(f"more than {BODY_MAX} bytes")
    try:
        return json.loads(bytes(body))
    except RecursionError:
        raise ValueError("nested too deeply") from None
