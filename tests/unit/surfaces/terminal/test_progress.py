"""What takes long says so: on a terminal, after a moment, and leaves nothing behind."""

import io
import threading

import pytest

from watchdog.surfaces.terminal import progress as module
from watchdog.surfaces.terminal.progress import progress


class Tty(io.StringIO):
    def __init__(self, *, is_terminal=True):
        super().__init__()
        self.is_terminal = is_terminal
        self.drawn = threading.Event()

    def isatty(self):
        return self.is_terminal

    def write(self, text):
        if "3 of 40" in text:
            self.drawn.set()
        return super().write(text)


@pytest.fixture
def stderr(monkeypatch):
    monkeypatch.setattr(module, "EVERY", 0.01)

    def made(*, after, **more):
        stream = Tty(**more)
        monkeypatch.setattr(module, "AFTER", after)
        monkeypatch.setattr("sys.stderr", stream)
        return stream

    return made


def test_it_says_what_and_how_far_and_takes_it_back(stderr):
    stream = stderr(after=0.0)
    with progress("replaying") as say:
        say("bundle 3 of 40\x1b[31m")
        assert stream.drawn.wait(30)
    text = stream.getvalue()
    assert "\r\x1b[Kreplaying, bundle 3 of 40[31m, 0 s" in text
    assert text.endswith("\r\x1b[K")


def test_what_is_over_at_once_says_nothing(stderr):
    stream = stderr(after=60.0)
    with progress("reading") as say:
        say("1 of 2")
    assert stream.getvalue() == ""


def test_nothing_is_said_where_nobody_looks(stderr):
    stream = stderr(after=0.0, is_terminal=False)
    with progress("reading") as say:
        say("1 of 2")
    assert stream.getvalue() == ""
    assert "progress" not in {thread.name for thread in threading.enumerate()}


def test_what_fails_takes_it_back_too(stderr):
    stderr(after=60.0)
    with pytest.raises(ValueError, match="no"), progress("reading"):
        raise ValueError("no")
    assert "progress" not in {thread.name for thread in threading.enumerate()}
