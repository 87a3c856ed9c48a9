"""An S3 server in this process (moto's), which counts requests and fails where it is told to."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple
from uuid import uuid4

from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from watchdog.config.s3 import S3

REGION = "us-east-1"
STATUS = {
    "AccessDenied": "403 Forbidden",
    "InvalidToken": "401 Unauthorized",
    "NoSuchKey": "404 Not Found",
    "InternalError": "500 Internal Server Error",
    "SlowDown": "503 Service Unavailable",
}


class Request(NamedTuple):
    """A request that was answered. `query` tells listings from objects."""

    method: str
    path: str
    query: str
    condition: str | None
    range: str | None
    status: int


def no_fault(path: str, query: str) -> str | None:  # noqa: ARG001
    """All is well."""
    return None


class Server:
    """Moto's application behind a middleware."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.fault: Callable[[str, str], str | None] = no_fault
        """Gives an S3 error code, or `hang`, for a path and a query."""
        self.instead: bytes | None = None
        """What is answered to everything, with 200."""
        self.released = threading.Event()
        self._app = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()

    def __call__(self, environ, start_response):
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        if self.instead is not None:
            start_response("200 OK", [("Content-Length", str(len(self.instead)))])
            return [self.instead]
        code = self.fault(path, query)
        if code == "hang":
            self.released.wait(20)
        if code is not None:
            start_response(
                STATUS.get(code, STATUS["InternalError"]), [("Content-Type", "text/xml")]
            )
            return [f"<Error><Code>{code}</Code><Message>told to</Message></Error>".encode()]

        def noted(status, headers, *rest):
            self._note(environ, int(status.split()[0]))
            return start_response(status, headers, *rest)

        return self._app(environ, noted)

    def _note(self, environ, status: int) -> None:
        request = Request(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"].encode("latin-1").decode(),
            environ["QUERY_STRING"],
            environ.get("HTTP_IF_NONE_MATCH"),
            environ.get("HTTP_RANGE"),
            status,
        )
        with self._lock:
            self.requests.append(request)


class Bucket:
    """A prefix of its own in a new bucket."""

    def __init__(self, server: Server, url: str) -> None:
        self.server = server
        self.url = url
        self.name = f"bucket-{uuid4().hex}"
        self.target = f"s3://{self.name}/evals/set"
        self.settings = S3(endpoint_url=url, region=REGION, timeout=10, retries=0)
        self._backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        self._backend.create_bucket(self.name, REGION)

    def put(self, name: str, data: bytes) -> None:
        """Not by a request: hundreds of them take longer than all that is tested."""
        self._backend.put_object(self.name, f"evals/set/{name}", data)

    def delete(self, name: str) -> None:
        self._backend.delete_object(self.name, f"evals/set/{name}")

    @contextlib.contextmanager
    def counted(self) -> Iterator[list[Request]]:
        """The requests made within the block."""
        self.server.requests.clear()
        yield self.server.requests


@contextlib.contextmanager
def serving() -> Iterator[tuple[Server, str]]:
    """A server while the block lasts."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = Server()
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield application, f"http://127.0.0.1:{server.port}"
    finally:
        application.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
