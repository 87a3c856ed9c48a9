"""The whole `watchdog run`, killed again and again while recorded incidents open and end.

`python -m tests.acceptance.kill_service 200 [SEED]` prints a line for docs/security.md. Each kill
comes with an incident of its own: at a random instant of a life, or just before or after the
channel's answer. At the end all must have been told, and their ends, each twice at most.
"""

import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.acceptance.inbox import Inbox
from tests.acceptance.playback import Playback
from tests.acceptance.service_process import ServiceProcess
from tests.paths import ROOT

POINTS = ("instant", "before", "after")
SCENARIOS = ("hung_tool_call", "hung_scorer")
CALM = "finished"
LONGEST_LIFE = 8.0
LAST_LIFE = 240.0
BETWEEN = 420.0
"""Seconds between two incidents: of more than ten in an hour a digest is made."""
JUMP = 60.0
"""Seconds that the clock is put forward, five times a second, while the ends are waited for."""
HINDERED = ROOT / "tests" / "acceptance" / "hindered_watchdog.py"


class Trial:
    """A directory of recordings, a clock, a channel, and one life of the service after another."""

    def __init__(self, folder: Path, inbox: Inbox, seed: int) -> None:
        self.folder, self.inbox = folder, inbox
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.logs = folder / "logs"
        self.recordings = {name: Playback(name, folder / name) for name in (*SCENARIOS, CALM)}
        for recording in self.recordings.values():
            recording.play(len(recording.bundles) - 1)
        self.clock = folder / "clock"
        self.now = max(recording.now for recording in self.recordings.values())
        self.advance(0)
        self.add(CALM, "calm")
        self.lives: list[int] = []
        """How many messages had arrived when each began."""

    def advance(self, seconds: float) -> None:
        self.now += seconds
        written = self.folder / "clock.new"
        written.write_text(str(self.now))
        written.rename(self.clock)

    def add(self, scenario: str, name: str) -> None:
        """An eval set, complete at once: a log that is half copied is another test's."""
        staged = self.folder / name
        shutil.copytree(self.recordings[scenario].logs, staged)
        (staged / ".eval-set-id").unlink(missing_ok=True)
        self.logs.mkdir(exist_ok=True)
        staged.rename(self.logs / name)

    def start(self) -> ServiceProcess:
        self.lives.append(len(self.inbox.posts))
        return ServiceProcess(
            self.folder,
            [str(self.logs)],
            program=(str(HINDERED), "clock", str(self.clock), "--"),
            arguments=["--interval", "0.5"],
            environment={
                "WATCHDOG_WEBHOOK_URL": self.inbox.url,
                "WATCHDOG_LISTING_INTERVAL": "0.5",
                "WATCHDOG_STATUS_FEEDS": "[]",
            },
            output=self.folder / "log.jsonl",
        )

    def kill_one(self, number: int) -> None:
        """One life, with an incident that opens in it, and its end."""
        own = f"set-{number:03}"
        self.advance(BETWEEN)
        self.add(SCENARIOS[number % len(SCENARIOS)], own)
        point = POINTS[number % len(POINTS)]
        service = self.start()
        if point == "instant":
            time.sleep(self.chance.uniform(0.2, LONGEST_LIFE / 2))
        else:
            hit = threading.Event()

            def kill(post: dict[str, Any]) -> None:
                # the first that waits is sent first in every life: it would be hit by every kill
                if own in post["incident"]["eval_sets"]:
                    service.process.kill()
                    hit.set()

            setattr(self.inbox, point, kill)
            hit.wait(LONGEST_LIFE)
            self.inbox.before = self.inbox.after = lambda _post: None
        service.kill()

    def end(self, kills: int) -> None:
        """A last life: everything that was still open is told, then all ends."""
        service = self.start()
        assert service.until(lambda: len(self.told("opened")) >= kills, LAST_LIFE), self.tail()
        for path in self.logs.glob("set-*"):
            shutil.rmtree(path)

        def ended() -> bool:
            self.advance(JUMP)
            time.sleep(0.2)
            return len(self.told("resolved")) >= kills

        assert service.until(ended, LAST_LIFE), self.tail()
        status, _ = service.stop()
        assert status == 0, self.tail()

    def told(self, kind: str) -> Counter[str]:
        """How often each eval set came in messages of a kind."""
        posts = [post for post in self.inbox.posts if post["kind"] == kind]
        return Counter(name for post in posts for name in post["incident"]["eval_sets"])

    def twice_in_a_life(self, kind: str) -> list[str]:
        """What one life told twice: only a kill may cost a second message."""
        ends = [*self.lives[1:], len(self.inbox.posts)]
        names: list[str] = []
        for begin, end in zip(self.lives, ends, strict=True):
            posts = [post for post in self.inbox.posts[begin:end] if post["kind"] == kind]
            counts = Counter(name for post in posts for name in post["incident"]["eval_sets"])
            names += [name for name, count in counts.items() if count > 1]
        return names

    def tail(self) -> str:
        return (self.folder / "log.jsonl").read_text()[-2000:]


def kill_service(kills: int, seed: int, folder: Path) -> str:
    """Kill it so often; what came of it in one line.

    Raises:
        AssertionError: something was lost, or told twice without a kill between.
    """
    with Inbox() as inbox:
        trial = Trial(folder, inbox, seed)
        for number in range(kills):
            trial.kill_one(number)
        trial.end(kills)
        names = {f"set-{number:03}" for number in range(kills)}
        more, most = {}, 0
        for kind in ("opened", "resolved"):
            counts = trial.told(kind)
            assert set(counts) == names, (kind, names ^ set(counts))
            assert trial.twice_in_a_life(kind) == []
            more[kind] = sum(count - 1 for count in counts.values())
            most = max(most, *counts.values())
        return (
            f"{kills} kills (seed {seed}), {kills} incidents: none lost; told again: "
            f"{more['opened']} beginnings, {more['resolved']} ends, none more than {most} times"
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        seed = int(sys.argv[2]) if len(sys.argv) > 2 else 19
        sys.stdout.write(f"{kill_service(int(sys.argv[1]), seed, Path(name))}\n")
