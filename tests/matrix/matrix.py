"""Runs the evaluation on releases, both forms of buffer at a time, and judges what is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from tests.matrix.environments import environment
from tests.matrix.judge import FACTS, Result, result
from tests.matrix.run import FORMS, Form, RunFailedError, run
from tests.matrix.versions import Version

Say = Callable[[str], None]


def results(versions: Iterable[Version], say: Say = lambda _: None) -> list[Result]:
    """Run these releases; two evaluations at a time, as each needs hardly more than a core.

    Raises:
        MissingPartError: a release can't be installed here, or there is no fake clock.
    """
    pairs = [(version, form) for version in versions for form in FORMS]
    with ThreadPoolExecutor(len(FORMS)) as pool:
        return list(pool.map(lambda pair: _result(*pair, say), pairs))


def _result(version: Version, form: Form, say: Say) -> Result:
    python = environment(version, say)
    try:
        one = result(version, form, run(python, form))
    except RunFailedError as reason:
        one = Result(version, form, {fact: [str(reason)] for fact in FACTS}, {})
    for line in one.lines or [f"Inspect {version.number}, {form}: all as it should be"]:
        say(line)
    return one
