"""A provider's API on loopback: it records what arrives, fails as told, else answers.

Dialects are subclasses, one a file. Error bodies are those that the real APIs give; where they
were seen stands in each file.
"""

import ssl
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Self

from tests.doubles.providers.conditions import When
from tests.doubles.providers.faults import Fault
from tests.doubles.providers.models import Model
from tests.doubles.providers.wire import HttpServer, Request, Response, Stream

KEPT_REQUESTS = 500
KEPT_BYTES = 64 * 2**20
NGINX = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
NGINX_SAYS = {502: "502 Bad Gateway", 504: "504 Gateway Time-out"}


@dataclass
class Injected:
    """A fault, whom it hits, and how often it still does."""

    fault: Fault
    when: When | None
    left: int | None

    def hits(self, request: Request) -> bool:
        """Whether this request's turn has come; counts it."""
        if self.left == 0 or not (self.when is None or self.when(request)):
            return False
        if self.left is not None:
            self.left -= 1
        return True


class FakeApi:
    """What all have in common."""

    KNOWN: ClassVar[dict[str, Model]] = {}
    STATUSES: ClassVar[frozenset[int]] = frozenset()
    """Those that this API really gives."""

    def __init__(self, key: str, tls: ssl.SSLContext | None = None) -> None:
        self.key = key
        """For the direct route; a random one, so that a leak can be searched for."""
        self.keys = {key}
        """All that are valid."""
        self.models = dict(self.KNOWN)
        """May be added to and removed from."""
        self.http = HttpServer(self._handle, tls)
        self._faults: list[Injected] = []
        self._log: deque[Request] = deque(maxlen=KEPT_REQUESTS)

    async def start(self) -> None:
        """Listen."""
        await self.http.start()

    async def stop(self) -> None:
        """Listen no more; also raises what went wrong in the fake itself."""
        await self.http.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """The address, without a path."""
        return self.http.url

    @property
    def requests(self) -> list[Request]:
        """What arrived, the oldest first: the last 500, and no more than 64 MB of bodies."""
        return list(self._log)

    def fault(self, fault: Fault, when: When | None = None, first: int | None = None) -> None:
        """From now on fail so, if `when` says so, for the `first` such requests or for all.

        The newest fault that hits a request wins; one that is used up lets the older ones hit.

        Raises:
            ValueError: This API never gives that status.
        """
        status = getattr(fault, "status", None)
        if not isinstance(status, int) or status in self.STATUSES or 300 <= status < 400:
            self._faults.insert(0, Injected(fault, when, first))
            return
        raise ValueError(f"{type(self).__name__} never answers {status}")

    def clear(self) -> None:
        """No more faults: the next request is answered. Requests that hang go on doing so."""
        self._faults.clear()

    def revoke(self) -> None:
        """The key for the direct route is valid no more; Middleman's still is."""
        self.keys.discard(self.key)

    def model_of(self, request: Request) -> str:
        """What the request names; empty where it names none."""
        named = request.body.get("model") if isinstance(request.body, dict) else None
        return named if isinstance(named, str) else ""

    def limits_of(self, request: Request) -> Model:
        """Those of the request's model, and for a fault on an unknown one just any."""
        return self.models.get(self.model_of(request)) or next(iter(self.KNOWN.values()))

    async def serve(self, request: Request, stream: Stream) -> None:
        """Answer as if nothing were wrong."""
        await stream.send(self.answer(request))

    async def _handle(self, request: Request, stream: Stream) -> None:
        self._record(request)
        injected = next((one for one in self._faults if one.hits(request)), None)
        if injected is None:
            await self.serve(request, stream)
        else:
            await injected.fault.inflict(self, request, stream)

    def _record(self, request: Request) -> None:
        self._log.append(request)
        while len(self._log) > 1 and sum(one.size for one in self._log) > KEPT_BYTES:
            self._log.popleft()

    # What a dialect says in its own way.

    def answer(self, request: Request) -> Response:
        """To a request that no fault hits."""
        raise NotImplementedError

    def error(self, status: int, message: str = "") -> Response:
        """An error's body, in the API's own words where there is no message."""
        raise NotImplementedError

    def rate_limited(self, seconds: float, request: Request) -> Response:
        """429 that ends in so many seconds."""
        raise NotImplementedError

    def unauthorized(self, request: Request) -> Response:
        """The key is wrong."""
        raise NotImplementedError

    def forbidden(self, request: Request) -> Response:
        """The key is valid, and not for this model."""
        raise NotImplementedError

    def unknown_model(self, request: Request) -> Response:
        """No such model, or no more."""
        raise NotImplementedError

    def too_long(self, request: Request) -> Response:
        """More than the model's context window."""
        raise NotImplementedError


def nginx(status: int) -> Response:
    """The page of a proxy whose upstream failed."""
    page = NGINX.format(NGINX_SAYS[status])
    return Response(status, page.encode(), {"content-type": "text/html", "server": "nginx"})


def rfc3339(seconds: float) -> str:
    """So many seconds from now."""
    at = datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
