"""What happens to an eval set on purpose, by mistake, or because its cluster has a bad day."""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec.structs import replace

from tests.quality.cluster.deaths import (
    box_evicted,
    box_replaced,
    failed,
    node_blip,
    node_lost,
    preempted,
    resumed,
    runner_replaced,
)
from tests.quality.cluster.life import Life
from tests.quality.cluster.starts import no_sandbox, no_start, slow_start
from tests.quality.cluster.truth import Happening
from tests.quality.fleets import HOUR, MINUTE


def held(life: Life) -> None:
    """Kueue holds the Job back before it ever ran."""
    life.happened = True
    life.suspended_for = capacity_wait(life)


def capacity_wait(life: Life) -> float:
    """Minutes to 20 hours, in seconds; short ones are as frequent as long ones."""
    return math.exp(life.random.uniform(math.log(3 * MINUTE), math.log(20 * HOUR)))


def held_long(life: Life) -> None:
    """Kueue holds the Job back for more than a day, which people should hear of."""
    life.happened = True
    life.suspended_for = life.random.uniform(26 * HOUR, 40 * HOUR)
    until = life.began + life.suspended_for
    life.stands(life.began + 24 * HOUR, HOUR, severity="warning", until=until)


def approval(life: Life) -> None:
    """A person must approve a call of one sample, or of all that run."""
    life.is_approved = True

    def ask(at: float) -> None:
        running = list(life.run.running.values()) if life.run else []
        if not running:
            life.plan(at + 5 * MINUTE, ask)
            return
        life.happened = True
        for sample in running if life.random.random() < 0.5 else running[:1]:
            sample.asks = (at, capacity_wait(life))

    life.after_log.append(lambda at: life.plan(moment(life, at), ask))


def gated(life: Life) -> None:
    """From a moment on, sandboxes of new samples wait behind a gate."""

    def begin(at: float) -> None:
        life.happened = True
        life.gated_until = at + capacity_wait(life)

    life.plan(life.began + life.random.uniform(0, 0.8 * life.cluster.life), begin)


def deleted(life: Life) -> None:
    """A person deletes it: waiting, starting, at work, or done."""
    if life.random.random() < 0.2:
        life.suspended_for = life.random.uniform(MINUTE, life.cluster.life)
    at = life.began + life.random.uniform(0, life.cluster.life)
    life.plan(at, lambda then: delete(life, then), always=True)


def deletion_hangs(life: Life) -> None:
    """A finalizer keeps its namespaces."""

    def begin(at: float) -> None:
        seconds = life.random.uniform(50 * MINUTE, 4 * HOUR)
        delete(life, at, seconds)
        life.stands(at, 45 * MINUTE, severity="warning", until=at + seconds)

    at = life.began + life.random.uniform(0, life.cluster.life)
    life.plan(at, begin)


def left_behind(life: Life) -> None:
    """Its runner is deleted, its sandboxes stay until somebody sees to them."""

    def begin(at: float) -> None:
        if not life.release.boxes:
            delete(life, at)
            return
        life.happened = True
        life.cut(at)
        life.is_at_work = False
        release = life.release
        release.take_job(at)
        release.runners = {}
        release.namespaces = {release.box_place: None}
        seconds = life.random.uniform(2 * HOUR, 6 * HOUR)
        life.stands(at, HOUR, severity="warning", until=at + seconds)
        life.plan(at + seconds, life.uninstall)

    life.after_log.append(lambda at: life.plan(moment(life, at), begin))


def moment(life: Life, at: float) -> float:
    """A moment while it is at work."""
    return at + life.random.uniform(30, 0.6 * life.cluster.life)


def delete(life: Life, at: float, seconds: float | None = None) -> None:
    """`hawk delete`, whether it is there or not: for seconds to minutes, or gone at once."""
    if life.is_over or life.release.is_empty:
        return
    life.happened = True
    run = life.run
    life.cut(at)
    life.moves(at)
    life.is_at_work = False
    random, release = life.random, life.release
    if seconds is None:
        seconds = random.choice((0.0, random.uniform(1, 30), random.uniform(20, 400)))
    if run is not None and random.random() < 0.4:
        life.finish_log(run.log, "cancelled", at + min(seconds, 3))
    if seconds:
        terminate(life, at, seconds)
    life.plan(at + seconds, life.gone)


def terminate(life: Life, at: float, seconds: float) -> None:
    """All of it is Terminating; the Job may go at once, before its pods do."""
    release, random = life.release, life.random
    release.namespaces = dict.fromkeys(release.namespaces, at)
    if release.job is not None:
        release.job = replace(release.job, deleting_at=at)
    if random.random() < 0.5:
        release.take_job(at)
    release.runners = {n: replace(p, deleting_at=at) for n, p in release.runners.items()}
    release.boxes = {n: replace(p, deleting_at=at) for n, p in release.boxes.items()}
    if random.random() < 0.5:
        life.plan(at + random.uniform(0, min(seconds, 120)), lambda _: release.runners.clear())


HAPPENINGS: dict[Happening, Callable[[Life], None]] = {
    Happening.ORDINARY: lambda _: None,
    Happening.DELETED: deleted,
    Happening.HELD: held,
    Happening.PREEMPTED: lambda life: preempted(life, capacity_wait(life)),
    Happening.HELD_LONG: held_long,
    Happening.APPROVAL: approval,
    Happening.GATED: gated,
    Happening.BOX_EVICTED: box_evicted,
    Happening.BOX_REPLACED: box_replaced,
    Happening.RUNNER_REPLACED: runner_replaced,
    Happening.NODE_BLIP: node_blip,
    Happening.NODE_LOST: node_lost,
    Happening.FAILED: failed,
    Happening.RESUMED: resumed,
    Happening.NO_START: lambda life: no_start(life, delete),
    Happening.SLOW_START: slow_start,
    Happening.NO_SANDBOX: lambda life: no_sandbox(life, delete),
    Happening.LINGERS: lambda life: lingers(life),
    Happening.DELETION_HANGS: deletion_hangs,
    Happening.LEFT_BEHIND: left_behind,
}


def lingers(life: Life) -> None:
    """Its logs are finished, and its runner stays for hours."""
    life.lingers_for = life.random.uniform(HOUR, 6 * HOUR)


