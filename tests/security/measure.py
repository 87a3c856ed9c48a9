"""One attack measured: a check of it, then the service beside it; and what was missed."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from tests.paths import ROOT
from tests.security import eval_sets
from tests.security.acts import Deed
from tests.security.attack import all_attacks
from tests.security.beside import Beside, beside
from tests.security.checked import Cost, check
from tests.security.inputs_pressure import Pressure

CPU_MOST = 10.0
MIB_MOST = 300.0
POLLS_MOST = 1.0
STOP_MOST = 10.0
HEALTHZ_MOST = 1.0
"""Seconds: the kubelet's own patience, in the chart as by default."""


class Usual(NamedTuple):
    """What is measured without an attack, in the same run."""

    check: Cost
    beside: Beside

    def line(self) -> str:
        """For people."""
        return (
            f"check {self.check.cpu:.1f} s, {self.check.peak:.0f} MiB; another eval set's verdict"
            f" after {self.beside.waited:.1f} s, /healthz {self.beside.healthz * 1000:.0f} ms"
        )


class Row(NamedTuple):
    """One line of the table."""

    name: str
    kind: str
    cpu: float | None
    """Of the check; None where there was none."""
    peak: float | None
    beside: Beside | None
    late: float
    said: str
    missed: tuple[str, ...]

    def line(self) -> str:
        """For people."""
        parts = [f"{self.name:38}"]
        if self.cpu is not None:
            parts.append(f"check {self.cpu:5.1f} s {self.peak:6.0f} MiB")
        if self.beside is not None:
            one = self.beside
            parts.append(
                f"run {one.cpu:5.1f} s {one.peak:6.0f} MiB, /healthz {one.healthz:5.2f} s,"
                f" {self.late:4.1f} polls late, ended in {one.stopped:.1f} s"
            )
        verdict = f"MISSED {', '.join(self.missed)}" if self.missed else "ok"
        return f"{' | '.join(parts)} | {verdict} | {self.said[:160]}"


def usual() -> Usual:
    """The same without an attack."""
    with tempfile.TemporaryDirectory() as folder:
        cost = check(eval_sets.healthy(Path(folder) / "healthy").parent)
    return Usual(cost, beside(None))


def measured_attack(attack: Any, idle: Usual, *, serve: bool = True) -> Row:
    """An attack's line."""
    folder = Path(tempfile.mkdtemp(prefix="watchdog-attack-"))
    try:
        target = _built(attack.name, folder)
        if target is None:
            return Row(attack.name, attack.kind, None, None, None, 0.0, "", ("not built",))
        cost = check(target)
        at_service = None
        if serve and not (target / "bundle.json").exists() and target.is_dir():
            at_service = beside(target)
        return _row(attack, cost, at_service, idle)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measured_deed(deed: Deed, idle: Usual) -> Row:
    """A deed's line."""
    folder = Path(tempfile.mkdtemp(prefix="watchdog-attack-"))
    try:
        target = _built(deed.target, folder) if deed.target else None
        at_service = beside(target, deed.act)
        late = at_service.late(idle.beside.waited)
        missed = tuple(_missed_beside(at_service, late))
        said = f"answers: {at_service.answers}"
        return Row(deed.name, "http", None, None, at_service, late, said, missed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measured_pressure(pressure: Pressure) -> Row:
    """The service's line where something is short from its start."""
    at_service = beside(None, pressure=pressure)
    # it is late by what the machine is: a hung disk has no verdicts
    missed = tuple(_missed_beside(at_service, 0.0))
    said = f"answers: {at_service.answers}. {at_service.said}"
    return Row(pressure.name, "machine", None, None, at_service, 0.0, said, missed)


def _built(name: str, folder: Path) -> Path | None:
    """The target, made by another process; its size is not ours."""
    command = [sys.executable, "-m", "tests.security.build", name, str(folder / "target")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=300, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr.decode("utf-8", "replace")[-2000:])
        return None
    return Path(done.stdout.decode())


def _row(attack: Any, cost: Cost, at_service: Beside | None, idle: Usual) -> Row:
    cpu, peak = cost.cpu - idle.check.cpu, cost.peak - idle.check.peak
    missed = []
    if cpu > CPU_MOST:
        missed.append(f"check's CPU {cpu:.0f} s")
    if peak > MIB_MOST:
        missed.append(f"check's memory {peak:.0f} MiB")
    if (cost.report is None and not _refused(cost)) or "Traceback" in cost.errors:
        missed.append(f"check ended with {cost.status} and no report")
    if attack.says and attack.says not in cost.said:
        missed.append(f"check doesn't say {attack.says!r}")
    late = at_service.late(idle.beside.waited) if at_service else 0.0
    if at_service:
        missed += _missed_beside(at_service, late)
    return Row(attack.name, attack.kind, cpu, peak, at_service, late, cost.said, tuple(missed))


def _refused(cost: Cost) -> bool:
    """Whether the target as a whole was refused as documented: status 3 and one line."""
    return cost.status == 3 and len(cost.errors.strip().splitlines()) == 1


def _missed_beside(one: Beside, late: float) -> list[str]:
    goals = (
        (one.cpu > CPU_MOST, f"CPU {one.cpu:.0f} s"),
        (one.peak > MIB_MOST, f"memory {one.peak:.0f} MiB"),
        (late > POLLS_MOST, f"{late:.1f} polls late"),
        (one.healthz > HEALTHZ_MOST, f"/healthz {one.healthz:.1f} s"),
        (one.stopped > STOP_MOST, f"SIGTERM {one.stopped:.0f} s"),
        (not one.answers, "the service ended"),
    )
    return [text for is_missed, text in goals if is_missed]


def names() -> list[str]:
    """All attacks' names."""
    return [attack.name for attack in all_attacks()]
