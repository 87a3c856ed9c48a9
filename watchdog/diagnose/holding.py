"""Whether two judgments of the same thing, made at two instants, say the same.

What only grows with time is no difference: sentences keep the instant that something began at
(`model/told.py`), and suspicion is followed as it grows. Where a judgment at an instant to come
says the same, all in between do: what rules compare with the time has begun, and only gets older.
"""

import math
from collections.abc import Sequence
from typing import Any

from watchdog.model.judgment import EvalSetJudgment, SampleJudgment, TaskJudgment

_GROWING = frozenset({"state", "suspicion", "fixed", "rising", "weighings"})
_PARTS = frozenset({"tasks", "samples", "erring", "cautions"})
_OF_SAMPLES = tuple(f for f in SampleJudgment.__struct_fields__ if f not in _GROWING)
_OF_VERDICTS = tuple(field for field in _OF_SAMPLES if field != "evidence")
_OF_TASKS = tuple(f for f in TaskJudgment.__struct_fields__ if f not in _GROWING | _PARTS)
_OF_EVAL_SETS = tuple(f for f in EvalSetJudgment.__struct_fields__ if f not in _GROWING | _PARTS)
_CLOSE = 1e-6
"""Of suspicion: what arithmetic may differ by."""


def same_sample(one: SampleJudgment, later: SampleJudgment, at: float) -> bool:
    """Whether a sample's judgment says, at `at`, what the one that was made then says."""
    if one is later:
        return True
    return _alike(one, later, _OF_SAMPLES) and _close(one.suspicion_at(at), later.suspicion)


def same_verdict(one: SampleJudgment, later: SampleJudgment) -> bool:
    """Whether both say the same but for how much of it there is, and the words."""
    kinds = [[evidence.kind for evidence in judgment.evidence] for judgment in (one, later)]
    return kinds[0] == kinds[1] and _alike(one, later, _OF_VERDICTS) and later.suspicion >= 1


def same_eval_set(one: EvalSetJudgment, later: EvalSetJudgment, at: float) -> bool:
    """The same of an eval set and all that is in it."""
    if not _alike(one, later, _OF_EVAL_SETS) or len(one.tasks) != len(later.tasks):
        return False
    if len(one.cautions) != len(later.cautions):
        return False
    of_cautions = ("cause", "since", "text", "severity")
    pairs = zip(one.cautions, later.cautions, strict=True)
    if not all(_alike(mine, other, of_cautions) for mine, other in pairs):
        return False
    tasks = zip(one.tasks, later.tasks, strict=True)
    return all(_same_task(mine, other, at) for mine, other in tasks)


def _same_task(one: TaskJudgment, later: TaskJudgment, at: float) -> bool:
    if not _alike(one, later, _OF_TASKS) or not _same_errors(one, later):
        return False
    if not _same_samples(one.samples, later.samples, at):
        return False
    return _close(one.suspicion_at(at), later.suspicion_at(at))


def _same_errors(one: TaskJudgment, later: TaskJudgment) -> bool:
    if one.erring is None or later.erring is None:
        return one.erring is later.erring
    return _alike(one.erring, later.erring, ("cause", "since", "text", "evidence"))


def _same_samples(
    ours: Sequence[SampleJudgment], later: Sequence[SampleJudgment], at: float
) -> bool:
    if len(ours) != len(later):
        return False
    return all(_holds(mine, other, at) for mine, other in zip(ours, later, strict=True))


def _holds(one: SampleJudgment, later: SampleJudgment, at: float) -> bool:
    """As `same_sample`; the later one may be what was found to hold until then."""
    if one is later:
        return True
    return _alike(one, later, _OF_SAMPLES) and _close(one.suspicion_at(at), later.suspicion_at(at))


def _alike(one: Any, other: Any, fields: Sequence[str]) -> bool:  # noqa: ANN401 - records
    return all(_equal(getattr(one, field), getattr(other, field)) for field in fields)


def _equal(one: object, other: object) -> bool:
    return one is other or one == other


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE)
