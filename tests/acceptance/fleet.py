"""Eval sets that get stuck one after another, before a service whose clock is put forward."""

import random
import shutil
from collections import Counter
from pathlib import Path

from tests.acceptance.inbox import Inbox
from tests.acceptance.playback import Playback

STUCK = ("hung_tool_call", "hung_scorer")
CALM = "finished"
BETWEEN = 420.0
"""Seconds between two incidents: of more than ten in an hour a digest is made."""


class Fleet:
    """A directory of recordings, a clock and a channel."""

    trouble = "clock"
    """How the services' clock goes by the file, as `hindered_watchdog` names it."""

    def __init__(self, folder: Path, inbox: Inbox, seed: int = 1) -> None:
        """Lay a calm eval set; nothing is stuck yet."""
        self.folder, self.inbox = folder, inbox
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.logs = folder / "logs"
        self._recordings = {name: Playback(name, folder / name) for name in (*STUCK, CALM)}
        for recording in self._recordings.values():
            recording.play(len(recording.bundles) - 1)
        self.clock = folder / "clock"
        self.now = max(recording.now for recording in self._recordings.values())
        self.advance(0)
        self._add(CALM, "calm")
        self.stuck: list[str] = []
        """The eval sets that people are to hear of."""

    @property
    def target(self) -> str:
        """What the services watch."""
        return str(self.logs)

    def advance(self, seconds: float) -> None:
        """Put the services' clock forward, or back."""
        self.now += seconds
        written = self.folder / "clock.new"
        written.write_text(str(self.now))
        written.rename(self.clock)

    def add_stuck(self) -> str:
        """One more that is stuck; its name."""
        name = f"set-{len(self.stuck):03}"
        self.advance(BETWEEN)
        self._add(STUCK[len(self.stuck) % len(STUCK)], name)
        self.stuck.append(name)
        return name

    def remove_stuck(self) -> None:
        """All that are stuck leave, each at once: what is half there would be another trouble."""
        left = self.folder / "left"
        left.mkdir()
        for path in self.logs.glob("set-*"):
            path.rename(left / path.name)

    def told(self, kind: str = "opened") -> Counter[str]:
        """How often each eval set came in messages of a kind."""
        posts = [post for post in self.inbox.posts if post["kind"] == kind]
        return Counter(name for post in posts for name in post["incident"]["eval_sets"])

    def tellers(self, name: str) -> list[str]:
        """The replicas that told of its beginning, in order."""
        posts = [post for post in self.inbox.posts if post["kind"] == "opened"]
        return [p["path"].rpartition("/")[2] for p in posts if name in p["incident"]["eval_sets"]]

    def _add(self, scenario: str, name: str) -> None:
        """An eval set, complete at once: a log that is half copied is another test's."""
        staged = self.folder / name
        shutil.copytree(self._recordings[scenario].logs, staged)
        (staged / ".eval-set-id").unlink(missing_ok=True)
        self.logs.mkdir(exist_ok=True)
        staged.rename(self.logs / name)
