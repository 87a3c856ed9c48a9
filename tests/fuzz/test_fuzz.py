"""A minute of fuzzing, the same inputs each time, and everything that once broke something."""

import pkgutil
from pathlib import Path

import pytest

import watchdog.collect
from tests.fuzz.hour import fuzz
from tests.fuzz.mutate import mutated
from tests.fuzz.target import CORPUS
from tests.fuzz.targets import BY_NAME, TARGETS

QUICK, SLOW = 1200, 120
"""Inputs for each target in CI."""
NO_PARSERS = frozenset(
    {
        # what asks, remembers and joins: the bytes go to one of the parsers
        *("inspect.attempts", "inspect.buffer_reader", "inspect.folders", "inspect.former"),
        *("inspect.logs", "inspect.segment_zip", "inspect.task_log", "inspect.writer_process"),
        *("inspect.histories", "inspect.memory", "inspect.newest", "inspect.passed_over"),
        "inspect.positions",
        "inspect.own_name",
        "inspect.sample_rows",
        # texts of what `conversation` and `failing_request` parsed
        "inspect.message_texts",
        *("kubernetes.api", "kubernetes.cache", "kubernetes.connection", "kubernetes.credentials"),
        *("kubernetes.export", "kubernetes.logs", "kubernetes.object_cache"),
        *("kubernetes.reflector", "kubernetes.resources", "kubernetes.runner_logs"),
        *("kubernetes.source", "kubernetes.usage", "kubernetes.watched"),
        *("inspect.listings", "inspect.task_reads", "inspect.turns"),
        *("kubernetes.watched_eval_set", "rhythm", "stores.throttle"),
        *("place", "source", "targets", "probes.client", "probes.credentials", "probes.reproduce"),
        *("probes.routes", "probes.tester", "status_pages.feeds", "status_pages.fetching"),
        *("status_pages.reader", "stores.directory", "stores.folder", "stores.objects"),
        *("stores.opening", "stores.contained", "stores.reading", "inspect.absent"),
        *(
            "kubernetes.emptied",
            "kubernetes.unproven",
            "kubernetes.own_pods",
            "work.account",
            "work.content",
        ),
        *("work.gradual", "work.pace", "work.reading", "work.worker"),
        # judges listings that were read; tables of limits; words for a fault of ours
        *("absence", "limits", "work.limits", "faults"),
        # a loop around `work.frames` and `work.jobs`
        "work.process",
    }
)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_corpus_is_taken_or_refused_as_documented(target):
    inputs = target.inputs()
    assert inputs
    taken = [target.run(data) for data in inputs]
    assert any(taken), "not one input of the corpus is taken: it tests nothing behind the door"


@pytest.mark.acceptance
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_what_comes_of_the_corpus_is_taken_or_refused_as_documented(target):
    inputs = target.inputs()
    for seed in range(SLOW if target.slow else QUICK):
        target.run(mutated(inputs[seed % len(inputs)], seed, is_json=target.is_json))


def test_every_module_that_reads_has_a_target_or_a_reason():
    modules = {
        module.name.removeprefix("watchdog.collect.")
        for module in pkgutil.walk_packages(watchdog.collect.__path__, "watchdog.collect.")
        if not module.ispkg
    }
    meant = {name for target in TARGETS for name in target.parses}
    assert modules - meant - NO_PARSERS == set()
    assert not meant & NO_PARSERS
    assert (meant | NO_PARSERS) - modules == set()


def test_no_corpus_without_its_target():
    assert {path.name for path in CORPUS.iterdir()} == set(BY_NAME)


def test_mutations_are_the_same_for_the_same_seed():
    data = b'{"a": [1, "x"]}'
    changed = [mutated(data, seed, is_json=True) for seed in range(50)]
    assert changed == [mutated(data, seed, is_json=True) for seed in range(50)]
    assert len(set(changed)) > 30


@pytest.mark.acceptance
def test_a_process_of_its_own_counts_what_it_did(tmp_path: Path):
    result = fuzz(BY_NAME["quantity"], 2, tmp_path)
    assert result.executions > 100
    assert result.taken > 0
    assert not result.crash, result.crash
