"""The whole `watchdog run`, killed again and again while recorded incidents open and end.

`python -m tests.acceptance.kill_service 200 [SEED]` prints a line for docs/security.md. Each kill
comes with an incident of its own: at a random instant of a life, or just before or after the
channel's answer. At the end all must have been told, and their ends, each twice at most.
"""

import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.acceptance.fleet import Fleet
from tests.acceptance.inbox import Inbox
from tests.acceptance.service_process import ServiceProcess
from tests.paths import ROOT

POINTS = ("instant", "before", "after")
LONGEST_LIFE = 8.0
LAST_LIFE = 240.0
JUMP = 60.0
"""Seconds that the clock is put forward, five times a second, while the ends are waited for."""
HINDERED = ROOT / "tests" / "acceptance" / "hindered_watchdog.py"


class Trial:
    """A fleet, and one life of the service after another."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet, self.inbox, self.folder = fleet, fleet.inbox, fleet.folder
        self.lives = 0
        """So many began. Each has an address to tell: what it sent may arrive after its end."""

    def start(self) -> ServiceProcess:
        self.lives += 1
        return ServiceProcess(
            self.folder,
            [str(self.fleet.logs)],
            program=(str(HINDERED), "clock", str(self.fleet.clock), "--"),
            arguments=["--interval", "0.5"],
            environment={
                "WATCHDOG_WEBHOOK_URL": f"{self.inbox.url}/{self.lives}",
                "WATCHDOG_LISTING_INTERVAL": "0.5",
                "WATCHDOG_STATUS_FEEDS": "[]",
            },
            output=self.folder / "log.jsonl",
        )

    def kill_one(self, number: int) -> None:
        """One life, with an incident that opens in it, and its end."""
        own = self.fleet.add_stuck()
        point = POINTS[number % len(POINTS)]
        service = self.start()
        if point == "instant":
            time.sleep(self.fleet.chance.uniform(0.2, LONGEST_LIFE / 2))
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
        told = self.fleet.told
        assert service.until(lambda: len(told("opened")) >= kills, LAST_LIFE), self.tail()
        self.fleet.remove_stuck()

        def ended() -> bool:
            self.fleet.advance(JUMP)
            time.sleep(0.2)
            return len(told("resolved")) >= kills

        assert service.until(ended, LAST_LIFE), self.tail()
        status, _ = service.stop()
        assert status == 0, self.tail()

    def twice_in_a_life(self, kind: str) -> list[str]:
        """What one life told twice, with all its messages: only a kill may cost a second one."""
        lines: list[str] = []
        for life in range(1, self.lives + 1):
            own = [post for post in self.inbox.posts if post["path"].endswith(f"/{life}")]
            posts = [post for post in own if post["kind"] == kind]
            counts = Counter(name for post in posts for name in post["incident"]["eval_sets"])
            if twice := [name for name, count in counts.items() if count > 1]:
                lines += [f"{kind} twice in life {life}: {twice}", *map(_line, own)]
        return lines

    def tail(self) -> str:
        return (self.folder / "log.jsonl").read_text()[-2000:]


def _line(post: dict[str, Any]) -> str:
    incident = post["incident"]
    facts = (post["kind"], incident["id"], incident["cause"], *incident["eval_sets"])
    return " ".join(map(str, facts))


def kill_service(kills: int, seed: int, folder: Path) -> str:
    """Kill it so often; what came of it in one line.

    Raises:
        AssertionError: something was lost, or told twice without a kill between.
    """
    with Inbox() as inbox:
        trial = Trial(Fleet(folder, inbox, seed))
        for number in range(kills):
            trial.kill_one(number)
        trial.end(kills)
        names = set(trial.fleet.stuck)
        more, most = {}, 0
        for kind in ("opened", "resolved"):
            counts = trial.fleet.told(kind)
            assert set(counts) == names, (kind, names ^ set(counts))
            twice = trial.twice_in_a_life(kind)
            assert not twice, "\n".join([*twice, trial.tail()])
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
