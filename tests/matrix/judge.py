"""Compares what the program said with what is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.matrix.forms import Forms
from tests.matrix.run import Form, Judged, Run
from tests.matrix.truth import CAUSES, DONE, SAMPLES, STUCK, Instant
from tests.matrix.versions import Version

FACTS = (*STUCK, "live", "counts", "verdict")
"""What is compared: a column each."""

Faults = dict[str, list[str]]
"""What was wrong, by fact; nothing where all is right."""


@dataclass(frozen=True)
class Result:
    """One release in one form of buffer."""

    version: Version
    form: Form
    faults: Faults
    forms: Forms

    @property
    def lines(self) -> list[str]:
        """Every fault as a line."""
        where = f"Inspect {self.version.number}, {self.form}"
        return [f"{where}: {text}" for texts in self.faults.values() for text in texts]


def result(version: Version, form: Form, run: Run) -> Result:
    """Compare all instants of a run."""
    faults: Faults = {}
    for moment in run.judged:
        for fact, text in _faults(version, moment):
            faults.setdefault(fact, []).append(f"{moment.instant.name}: {text}")
    return Result(version, form, faults, run.forms)


def _faults(version: Version, moment: Judged) -> list[tuple[str, str]]:
    report, instant = moment.report, moment.instant
    tasks = [task for eval_set in report["eval_sets"] for task in eval_set["tasks"]]
    if len(tasks) != 1:
        return [("counts", f"{len(tasks)} tasks, {report['problems']}")]
    faults = [("counts", text) for text in _counts(tasks[0]["samples"], report["problems"])]
    if report["verdict"] not in instant.verdicts:
        faults.append(("verdict", f"{report['verdict']}, right: {' or '.join(instant.verdicts)}"))
    running = {sample["id"]: sample for sample in tasks[0]["running"]}
    for name in (*STUCK, "live"):
        faults += [(name, text) for text in _sample(version, instant, name, running.get(name))]
    return faults


def _counts(samples: dict[str, int], problems: list[Any]) -> list[str]:
    right = {"total": len(SAMPLES), "completed": len(DONE), "running": len(SAMPLES) - len(DONE)}
    right |= {"errored": 0, "cancelled": 0, "queued": 0}
    wrong = [
        f"{n} {samples[n]}, right: {value}" for n, value in right.items() if samples[n] != value
    ]
    return wrong + [f"problem {problem}" for problem in problems]


def _sample(
    version: Version, instant: Instant, name: str, sample: dict[str, Any] | None
) -> list[str]:
    if sample is None:
        return [f"{name} isn't running"]
    verdict, cause = sample["verdict"], sample["cause"]
    stuck = verdict == "stuck"
    if stuck != (name in instant.stuck) and not (stuck and name in instant.may_be_stuck):
        return [f"{name} is called {verdict} ({cause})"]
    if stuck and cause not in CAUSES[name] and (version.tells_errors or name != "fail"):
        return [f"{name} is stuck by {cause}"]
    return []
