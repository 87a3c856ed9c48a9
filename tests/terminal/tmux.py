"""A real terminal, held by tmux: what a person would see there, and type."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.paths import ROOT

PATIENCE = 60.0
PROGRAM = shlex.join([sys.executable, "-m", "watchdog"])


def needed() -> None:
    """Skip where tmux isn't installed; in CI that is a failure."""
    if shutil.which("tmux") is None:
        if os.environ.get("CI"):
            pytest.fail("tmux is not installed")
        pytest.skip("needs tmux: apt-get install tmux")


class Screen:
    """One terminal with a shell in it, on a server of its own."""

    def __init__(self, folder: Path, width: int = 80, height: int = 40) -> None:
        self._socket = str(folder / "tmux")
        self._folder = folder
        self._size = ("-x", str(width), "-y", str(height))

    def run(self, command: str, environment: Mapping[str, str] = {}) -> None:
        """Start `watchdog COMMAND` as a person types it; its exit status comes behind it."""
        plain = {name: text for name, text in os.environ.items() if "WATCHDOG_" not in name}
        for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
            plain.pop(name, None)
        plain |= {"PYTHONPATH": str(ROOT), "HOME": str(self._folder), **environment}
        shell = f'{PROGRAM} {command}; echo "[exit $?]"; exec cat'
        # tmux wants a socket of a short name
        self._tmux("-f", "/dev/null", "new-session", "-d", *self._size, shell, env=plain)

    def text(self, *options: str) -> str:
        """What stands on the screen; `-e` with colours."""
        return self._tmux("capture-pane", "-p", *options)

    def until(self, condition: Callable[[str], object], seconds: float = PATIENCE) -> str:
        """What stands there once that is so.

        Raises:
            TimeoutError: it never was.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            text = self.text()
            if condition(text):
                return text
            time.sleep(0.1)
        raise TimeoutError(self.text())

    def until_over(self) -> str:
        """What stands there after the command's end."""
        return self.until(lambda text: "[exit " in text)

    def title(self) -> str:
        """What a program made the window's title."""
        return self._tmux("display-message", "-p", "#{pane_title}").strip()

    def press(self, *keys: str) -> None:
        """Type."""
        self._tmux("send-keys", *keys)

    def resize(self, width: int, height: int) -> None:
        """Make the window another size."""
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def close(self) -> None:
        """End it, with what runs in it."""
        self._tmux("kill-server", check=False)

    def _tmux(self, *words: str, env: Mapping[str, str] | None = None, check: bool = True) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *words],
            capture_output=True,
            text=True,
            env=dict(env) if env is not None else None,
            timeout=30,
            check=check,
        )
        return done.stdout
