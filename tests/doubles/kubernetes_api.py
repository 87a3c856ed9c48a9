"""An API server's stand-in that answers what it is told to, and a clock that a test moves."""

from collections.abc import Callable, Iterator
from typing import Any

from watchdog.collect.kubernetes.api import Reply
from watchdog.collect.kubernetes.errors import ApiError, Reason
from watchdog.collect.kubernetes.reflector import Environment
from watchdog.collect.kubernetes.resources import ListQuery

Answer = bytes | ApiError
Line = bytes | ApiError | Callable[[], Any]


def error(reason: Reason, status: int = 0, retry_after: float | None = None) -> ApiError:
    return ApiError(reason, status, f"{reason}!", retry_after)


class FakeLines:
    """The lines of a watch; a function among them is called when its turn comes."""

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self._lines = lines
        self.stopped = False

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            if isinstance(line, ApiError):
                raise line
            if isinstance(line, bytes):
                yield line
            else:
                line()

    def stop(self) -> None:
        self.stopped = True


class FakeApi:
    """Gives answers in their order and notes what was asked. Implements `Api`."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.watches: list[tuple[Line, ...] | ApiError] = []
        self.asked: list[ListQuery] = []
        self.silences: list[float] = []

    def get(self, query: ListQuery, limit: int | None = None) -> Reply:
        self.asked.append(query)
        answer = self.answers.pop(0)
        if isinstance(answer, ApiError):
            raise answer
        return Reply(200, answer[:limit])

    def stream(self, query: ListQuery, silence: float) -> FakeLines:
        self.asked.append(query)
        self.silences.append(silence)
        watch = self.watches.pop(0)
        if isinstance(watch, ApiError):
            raise watch
        return FakeLines(watch)

    @property
    def urls(self) -> list[str]:
        return [query.url for query in self.asked]


class FakeTime:
    """Moves when somebody pauses, or when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def later(self, seconds: float) -> Callable[[], None]:
        return lambda: setattr(self, "now", self.now + seconds)

    @property
    def environment(self) -> Environment:
        return Environment(self, self.pause, lambda: 0.0)
