"""An open answer of the API server, read as it comes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from watchdog.collect.kubernetes.errors import FOREIGN, ApiError, broken, is_about_certificates
from watchdog.collect.kubernetes.resources import ListQuery

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

CHUNK = 65_536
LINE_LIMIT = 64 * 1024 * 1024
"""A watch event is an object, and the API server's own limit is far below this."""


class Stream:
    """An answer whose body is still to come. Implements `Lines`."""

    def __init__(
        self, response: "BaseHTTPResponse", query: ListQuery, done: Callable[["Stream"], None]
    ) -> None:
        self._response = response
        self._query = query
        self._done = done
        self.status = response.status
        self.headers = response.headers

    def read(self, limit: int | None) -> bytes:
        """The body, or its first `limit` bytes."""
        try:
            with network(self._query):
                if limit is None:
                    return self._response.read()
                return self._response.read(limit)
        finally:
            self._finish(limit is None)

    def __iter__(self) -> Iterator[bytes]:
        """Lines of the body."""
        try:
            with network(self._query):
                yield from _lines(self._chunks())
        finally:
            self._finish(whole=False)

    def stop(self) -> None:
        """Wake a thread that waits for more; closing the socket alone would not."""
        with suppress(*FOREIGN, AttributeError):
            self._response.shutdown()

    def _chunks(self) -> Iterator[bytes]:
        if self._response.chunked:
            yield from self._response.stream(CHUNK)
            return
        while chunk := self._response.read1(CHUNK):
            yield chunk

    def _finish(self, whole: bool) -> None:
        """Give the connection back, or drop it where something is left unread on it."""
        self._done(self)
        with suppress(*FOREIGN):
            if whole:
                self._response.release_conn()
            else:
                self._response.close()


class CertificateError(ApiError):
    """TLS failed: certificates may have been renewed since they were loaded."""


@contextmanager
def network(query: ListQuery) -> Iterator[None]:
    """What the network does meanwhile becomes an `ApiError`."""
    try:
        yield
    except ApiError:
        raise
    except FOREIGN as error:
        failure = broken(query, error)
        if is_about_certificates(error):
            raise CertificateError(failure.reason, 0, failure.text) from error
        raise failure from error


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        *lines, rest = chunk.split(b"\n")
        if lines:
            yield b"".join((*parts, lines[0]))
            yield from lines[1:]
            parts, size = [], 0
        parts.append(rest)
        size += len(rest)
        if size > LINE_LIMIT:
            raise ValueError("a watch event of more than 64 MiB")
    if size:
        yield b"".join(parts)
