"""The service for a moment: what it serves, and what it tells Slack, a webhook and PagerDuty."""

import json
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"
SERVED = ("/api/v1/report", "/metrics", "/readyz", "/")
FIRST = 60.0
"""Seconds for the first poll."""
MESSAGES = 2.0
"""Seconds after it: what is to be told is sent once a second."""
OWN = re.compile(r"^(# (HELP|TYPE) )?(process_|eval_watchdog_poll_duration_).*\n", re.MULTILINE)
"""Metrics on the process, which are never twice the same."""
SENT = re.compile(r"(^eval_watchdog_notifications_total\{.*\n)+", re.MULTILINE)
"""Messages by channel, in the order in which the channels answered first."""
KEY = re.compile(r', ?(?=")')
"""Between two keys of JSON that is all one line."""

Main = Callable[[list[str]], int]


@dataclass
class Listener:
    """Takes every message, as Slack, a webhook and PagerDuty would."""

    told: list[tuple[str, str]] = field(default_factory=list)
    """Path and body, in the order of their coming."""

    def text(self) -> str:
        """All that was told, channel by channel."""
        in_order = sorted(self.told, key=lambda message: message[0].split("/")[1])
        return "".join(f"\nPOST {path}\n{body}\n" for path, body in in_order)

    def answer(self, path: str, body: bytes) -> bytes:
        """Take one message."""
        self.told.append((path, KEY.sub(",\n", body.decode("utf-8", "backslashreplace"))))
        number = sum("/chat." in path for path, _ in self.told)
        said = {"ok": True, "ts": f"1700000000.{number:06}", "channel": "C0000001"}
        return json.dumps(said | {"status": "success", "message": "taken"}).encode()


@dataclass
class Visit:
    """Waits for the first poll, reads what is served, and ends the service."""

    port: int
    served: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> None:
        """Run beside the service."""
        if self._polled():
            self.ended.wait(MESSAGES)
            self.served = "".join(f"\nGET {path}\n{self._read(path)[1]}\n" for path in SERVED)
        if not self.ended.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    def _polled(self) -> bool:
        deadline = time.monotonic() + FIRST
        while time.monotonic() < deadline and not self.ended.wait(0.05):
            if self._read(SERVED[0])[0] == 200:
                return True
        return False

    def _read(self, path: str) -> tuple[int, str]:
        connection = HTTPConnection(LOOPBACK, self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "backslashreplace")
        except OSError:
            return 0, "no answer"
        finally:
            connection.close()
        return answer.status, f"{answer.status}\n{comparable(path, text)}"


def comparable(path: str, text: str) -> str:
    """What is served without what two runs of one program differ in."""
    if path == "/metrics":
        text = OWN.sub("", text)
        return SENT.sub(lambda lines: "".join(sorted(lines[0].splitlines(keepends=True))), text)
    return KEY.sub(",\n", text) if path == SERVED[0] else text


def served(run: Main, argv: list[str]) -> str:
    """Run the service for one poll: its exit status, what it served, what it told."""
    with _listening() as (listener, address):
        visit = Visit(_free_port())
        thread = threading.Thread(target=visit)
        thread.start()
        try:
            status = run([*argv, *_settings(address), "--listen", f"{LOOPBACK}:{visit.port}"])
        finally:
            visit.ended.set()
            thread.join()
    own = re.compile(rf"{LOOPBACK}:({visit.port}|{address.rpartition(':')[2]})\b")
    return own.sub(f"{LOOPBACK}:0", f"exit status: {status}\n{visit.served}{listener.text()}")


@contextmanager
def _listening() -> Iterator[tuple[Listener, str]]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = listener.answer(self.path, body)
            self.send_response(202 if self.path.startswith("/pagerduty") else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:  # noqa: ANN401 - nobody reads it
            """Say nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    try:
        yield listener, f"http://{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port: int = free.getsockname()[1]
    return port


def _settings(address: str) -> tuple[str, str]:
    """A configuration file with all channels and no status feeds."""
    path = Path("watchdog.yaml")
    slack = {"bot_token": "xoxb-nobody", "channel": "C0000001", "api_url": f"{address}/slack/"}
    settings = {
        "status_feeds": [],
        "log_level": "error",
        "slack": slack,
        "webhook": {"url": f"{address}/webhook"},
        "pagerduty": {"routing_key": "0" * 32, "url": f"{address}/pagerduty", "warnings": True},
    }
    path.write_text(json.dumps(settings), "utf-8")
    return "--config", str(path)
