"""uvicorn's HTTP/1.1 connection, with an end to everything that a client can draw out.

uvicorn knows one time-out, that of an idle connection between two requests. Half-sent requests,
bodies that trickle and readers that don't read would stay for ever.
"""

import asyncio
import logging
import sys
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from watchdog.surfaces.web.connections import to_close

REQUEST_SECONDS = 10.0
"""From a request's first byte to the last of its body; a connection's first byte counts too."""
REQUEST_BYTES = 128 * 1024
"""Of one request: no route reads a body."""
STALLED_SECONDS = 20.0
"""For which a client may take nothing of what it asked for."""
ANSWER_SECONDS = 300.0
"""From the request to the last byte of its answer."""
HEAD_BYTES = 32 * 1024
"""Of a request's line and headers together."""
HEAD_TOO_LARGE = f"the request's line and headers are larger than {HEAD_BYTES} bytes"
WRITE_BUFFER = 64 * 1024
"""Bytes that wait in memory for a client, beside the one piece that is written."""

_log = logging.getLogger("watchdog.web")
_log.setLevel(logging.ERROR)  # what a client sends wrong is told to the client only


class BoundedProtocol(H11Protocol):
    """One connection."""

    places = 512
    """Connections at once; a server sets its own in a subclass."""
    request_bytes = REQUEST_BYTES
    """Of one request; the same."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.logger = _log
        self.peer = ""
        self.aborted = False
        self.since = self.loop.time()
        self._bytes = 0
        self._request_timer: asyncio.TimerHandle | None = None
        self._stalled_timer: asyncio.TimerHandle | None = None
        self._answer_timer: asyncio.TimerHandle | None = None

    @property
    def answering(self) -> bool:
        """Whether a request is being answered."""
        # None before the first request, whatever its type says
        return bool(self.cycle) and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, if need be another's."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self.peer = self.client[0] if self.client else ""
        self._arm_request()
        others = [c for c in self.connections if isinstance(c, BoundedProtocol) and c is not self]
        others = [other for other in others if not other.aborted]
        if len(others) >= self.places:
            to_close(others).abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        for timer in (self._request_timer, self._stalled_timer, self._answer_timer):
            if timer is not None:
                timer.cancel()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, within the request's time and size."""
        self._bytes += len(data)
        if self._bytes > self.request_bytes:
            self._too_large()
        else:
            super().data_received(data)

    def handle_events(self) -> None:
        """Also called for what was sent ahead, once an answer is complete."""
        last = self.cycle
        super().handle_events()
        if self.cycle is not last:
            self.since = self.loop.time()
            if self.answering:
                self._arm_answer(ANSWER_SECONDS)
        self._watch_request()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request; 431 where its head is too large."""
        if self.answering or self.conn.our_state is not h11.IDLE:
            self.abort()
            return
        error = sys.exc_info()[1]
        status = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        self._refuse(status, HEAD_TOO_LARGE if status == 431 else msg)

    def on_response_complete(self) -> None:
        """The next request, or the end.

        The end also where more was sent ahead: no browser, probe or proxy does that, and whoever
        asks must be ready to ask again (RFC 9112, section 9.3.2). A second of such requests
        would keep the loop busy for minutes.
        """
        self.since = self.loop.time()
        if self.conn.trailing_data[0]:
            self.close()
        self._disarm_answer()
        if self.transport.is_closing():
            self._arm_answer(STALLED_SECONDS)  # what is buffered must still go out
        super().on_response_complete()
        self._watch_request()

    def pause_writing(self) -> None:
        """The client reads more slowly than it asked."""
        super().pause_writing()
        self._stalled_timer = self.loop.call_later(STALLED_SECONDS, self.abort)

    def resume_writing(self) -> None:
        """It took something."""
        super().resume_writing()
        if self._stalled_timer is not None:
            self._stalled_timer.cancel()
            self._stalled_timer = None

    def timeout_keep_alive_handler(self) -> None:
        """An idle connection ends, or one that never took the answer's last bytes."""
        if self.transport.get_write_buffer_size():
            self.abort()
        else:
            self.close()

    def shutdown(self) -> None:
        """The server ends: after the answer that is under way, if any."""
        if self.answering:
            self.cycle.keep_alive = False
        else:
            self.close()

    def close(self) -> None:
        """End it; what is written still goes out."""
        if not self.transport.is_closing():
            self.transport.close()
            self._arm_answer(STALLED_SECONDS)

    def abort(self) -> None:
        """End it at once, unsent bytes or not."""
        self.aborted = True
        if self.answering:
            self.cycle.disconnected = True
        self.transport.abort()

    def _watch_request(self) -> None:
        """A request that has begun to come has a time to be complete; none has where none has."""
        state = self.conn.their_state
        coming = state is h11.SEND_BODY or (state is h11.IDLE and bool(self.conn.trailing_data[0]))
        if not coming:
            self._bytes = 0
            self._disarm_request()
        elif self._request_timer is None and not self.aborted:
            self._arm_request()

    def _late(self) -> None:
        """The request didn't come in time."""
        self._request_timer = None
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self._refuse(408, "the request took too long")
        else:
            self.abort()

    def _too_large(self) -> None:
        if self.answering or self.conn.our_state is not h11.IDLE:
            self.abort()
        elif self.conn.their_state is h11.IDLE:
            self._refuse(431, HEAD_TOO_LARGE)
        else:
            self._refuse(413, "the request is too large")

    def _refuse(self, status: int, text: str) -> None:
        body = text.encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        try:
            for event in (
                h11.Response(status_code=status, headers=headers),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:
            self.abort()
        else:
            self.close()

    def _arm_request(self) -> None:
        self._disarm_request()
        self._request_timer = self.loop.call_later(REQUEST_SECONDS, self._late)

    def _disarm_request(self) -> None:
        if self._request_timer is not None:
            self._request_timer.cancel()
            self._request_timer = None

    def _arm_answer(self, seconds: float) -> None:
        self._disarm_answer()
        self._answer_timer = self.loop.call_later(seconds, self.abort)

    def _disarm_answer(self) -> None:
        if self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None
