"""`python -m tests.performance.load.needles --size 10000`: stuck tasks in a fleet that works.

The service starts with nothing and reads all that there is. Told is when its list of stuck eval
sets first holds each of those that a person would be paged for, in seconds from its start on.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.control_plane.build import MissingPartError
from tests.performance.load import process_tree
from tests.performance.load.__main__ import say
from tests.performance.load.buffers import Shape, pattern
from tests.performance.load.fleets import AGE, MODELS, Fleet, fleet
from tests.performance.load.measure import FIRST_SECONDS
from tests.performance.load.service import Service
from tests.performance.load.store import FleetStore

ATTEMPTS = 20
"""Failed ones in a row of each sample: enough to be stuck."""
LOOK_SECONDS = 1.0
STUCK = "/api/v1/eval-sets?verdict=stuck&verdict=partially_stuck&limit=500"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 2 where a part is missing."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.performance.load.needles", description=__doc__
    )
    parser.add_argument("--size", type=int, default=1000, help="tasks")
    parser.add_argument("--stuck", type=int, default=20, help="of them, each in its own eval set")
    parser.add_argument(
        "--undated",
        action="store_true",
        help="all logs written just now: their ages don't tell which to read first",
    )
    parser.add_argument("--interval", type=float, default=30.0, help="seconds")
    options = parser.parse_args(arguments)
    made = fleet(options.size, Shape())
    names = hide(made, options.stuck)
    try:
        with tempfile.TemporaryDirectory(prefix="watchdog-load-") as folder:
            dated = not options.undated
            print(_found(made, names, Path(folder), options.interval, dated), flush=True)  # noqa: T201
    except MissingPartError as missing:
        say(str(missing))
        return 2
    return 0


def hide(made: Fleet, count: int, seed: int = 0) -> set[str]:
    """Let every call of so many of its tasks fail; gives their eval sets."""
    chance, now = random.Random(seed), time.time()  # noqa: S311
    shape = replace(made.shape, mood="outage", events=ATTEMPTS * 2 * made.shape.samples)
    by_set = {task.eval_set_id: task for task in made.tasks}
    chosen = chance.sample(sorted(by_set), min(count, len(by_set)))
    for name in chosen:
        # the fleet's successes are all of the last minutes, as if an outage had just ended
        task, own = by_set[name], pattern(shape, f"{chance.choice(MODELS)}-{name}", now, chance)
        task.pattern, task.own = own, True
        begun_at = min(one.begun_at for one in own.conversations) - AGE
        for one in made.tasks:
            if one.eval_set_id == name:
                one.created_at = begun_at
    return set(chosen)


def _found(made: Fleet, names: set[str], folder: Path, interval: float, dated: bool) -> str:
    (folder / "service").mkdir()
    with FleetStore(folder / "s3") as store:
        say(f"laid {store.lay(made, dated=dated):,} objects")
        with Service(folder / "service", store, interval) as service:
            told, most = _wait(service, names)
            cpu = service.cpu()
    times = sorted(told.values())
    return (
        f"{len(made.tasks):,} tasks, {len(names)} of them stuck: told after {times[0]:.0f} s, "
        f"median {statistics.median(times):.0f} s, at most {times[-1]:.0f} s; "
        f"{cpu:.0f} CPU s, PSS at most {most >> 20} MiB"
    )


def _wait(service: Service, names: set[str]) -> tuple[dict[str, float], int]:
    """When each is told; and the most memory meanwhile, in bytes."""
    told: dict[str, float] = {}
    most = 0
    service.until_poll(1, FIRST_SECONDS)
    while told.keys() != names:
        found = {one["eval_set_id"] for one in json.loads(service.get(STUCK))["eval_sets"]}
        after = time.monotonic() - service.began
        if after > FIRST_SECONDS:
            raise RuntimeError(f"not told within {FIRST_SECONDS} s: {sorted(names - told.keys())}")
        told |= dict.fromkeys(found & names - told.keys(), after)
        most = max(most, process_tree.memory(service.pid)[0])
        time.sleep(LOOK_SECONDS)
    return told, most


if __name__ == "__main__":
    sys.exit(main())
