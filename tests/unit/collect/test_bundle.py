"""Targets: bundles, directories, and what is none."""

import json

import pytest

from tests.builders.logs import LOG, finished_log, running_store
from watchdog.collect.inspect.logs import LogsOptions
from watchdog.collect.targets import TargetError, open_target
from watchdog.config.s3 import S3
from watchdog.model.facts import (
    ClusterRead,
    EvalSetUnreadable,
    Listing,
    Located,
    RetryLogged,
    RunnerLogRead,
    SpecRead,
    TaskProgressLogged,
)

ABOUT = {"format": 1, "eval_set_id": "my-set", "captured_at": "2026-11-23T08:00:00Z"}
LINES = (
    "2026-11-23T07:59:00Z Task: mini, Steps: 3/12 25%, Samples: 1/ 10, HTTP retries: 5,710\n"
    "2026-11-23T07:59:30Z [nWJu3Mz mini/42/1 openai/gpt-4o] -> openai/gpt-4o retry 3 "
    "(retrying in 24 seconds) [RateLimitError 429 rate_limit_exceeded]\n"
)


def write(root, files):
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def bundle(root, about=ABOUT, **parts):
    write(root, {"bundle.json": json.dumps(about).encode()})
    for part, files in parts.items():
        write(root / part, files)
    return open_target(str(root), S3(), LogsOptions())


async def poll(source, now=1000.0):
    facts = []
    result = await source.poll(now, facts.append)
    return facts, result


def of(facts, kind):
    return [fact for fact in facts if isinstance(fact, kind)]


async def test_a_bundle(tmp_path):
    source, captured_at = bundle(
        tmp_path,
        store=running_store(),
        kubernetes={"logs/ns/pod.log": LINES.encode()},
    )
    facts, result = await poll(source)
    assert captured_at == 1795420800.0
    assert of(facts, Listing) == [Listing("my-set", (LOG,))]
    assert [fact.http_retries for fact in of(facts, TaskProgressLogged)] == [5710]
    assert [fact.attempt for fact in of(facts, RetryLogged)] == [3]
    assert len(of(facts, RunnerLogRead)) == 1
    assert {fact.eval_set_id for fact in facts} == {"my-set"}
    assert (result.problems, result.failures, result.complete) == ((), (), True)
    assert not of((await poll(source))[0], RunnerLogRead)
    await source.aclose()


def kubernetes_list(*items) -> bytes:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}).encode()


async def test_lists_of_kubernetes_objects_tell_what_is_known_and_what_is_not(tmp_path):
    labels = {
        "app.kubernetes.io/name": "hawk",
        "app.kubernetes.io/component": "runner",
        "inspect-ai.metr.org/job-id": "my-set",
    }
    meta = {"name": "run-1", "namespace": "inspect-my-set", "uid": "u", "labels": labels}
    pod = {"kind": "Pod", "metadata": meta, "status": {"phase": "Running"}}
    lists = {"pods.json": kubernetes_list(pod), "jobs.json": kubernetes_list()}
    source, _ = bundle(tmp_path, store=running_store(), kubernetes=lists)
    facts, result = await poll(source)
    (read,) = of(facts, ClusterRead)
    assert [pod.name for pod in read.view.runners] == ["run-1"]
    assert (read.view.jobs, read.view.known) == ((), {"pods", "jobs"})
    assert (read.view.at, result.problems) == (1795420800.0, ())
    await source.aclose()


async def test_a_list_that_is_none_is_a_problem_and_its_kind_is_not_known(tmp_path):
    lists = {"pods.json": b"{truncated", "jobs.json": kubernetes_list()}
    source, _ = bundle(tmp_path, store=running_store(), kubernetes=lists)
    facts, result = await poll(source)
    (read,) = of(facts, ClusterRead)
    assert read.view.known == {"jobs"}
    assert [problem.where for problem in result.problems] == ["pods.json: pods"]
    await source.aclose()


async def test_a_bundle_without_a_store(tmp_path):
    source, _ = bundle(tmp_path, kubernetes={"logs/ns/pod.log": LINES.encode()})
    facts, result = await poll(source)
    assert of(facts, EvalSetUnreadable)
    assert of(facts, RunnerLogRead)
    assert len(result.problems) == 1


async def test_a_bundles_time_may_be_unknown(tmp_path):
    _, captured_at = bundle(tmp_path, {"format": 1, "eval_set_id": "x"}, store=running_store())
    assert captured_at is None


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({**ABOUT, "format": 2}, '"format" is not 1'),
        ({"format": 1}, '"eval_set_id" is missing'),
        ({**ABOUT, "eval_set_id": 5}, '"eval_set_id" is missing'),
        ({**ABOUT, "captured_at": "yesterday"}, '"captured_at" is no ISO 8601 time'),
        ([], '"format" is not 1'),
    ],
)
def test_a_bad_bundle(tmp_path, about, reason):
    with pytest.raises(TargetError, match=r"bundle\.json: " + reason):
        bundle(tmp_path, about)


def test_a_bundle_of_garbage(tmp_path):
    (tmp_path / "bundle.json").write_bytes(b"\xff{")
    with pytest.raises(TargetError, match=r"bundle\.json: "):
        open_target(str(tmp_path), S3(), LogsOptions())


def test_no_target(tmp_path):
    with pytest.raises(TargetError, match="there is no such directory"):
        open_target(str(tmp_path / "none"), S3(), LogsOptions())
    write(tmp_path, {LOG: b""})
    with pytest.raises(TargetError, match="a file; give the directory"):
        open_target(str(tmp_path / LOG), S3(), LogsOptions())
    with pytest.raises(TargetError, match="expected s3://bucket/prefix"):
        open_target("s3://", S3(), LogsOptions())


async def test_a_directory(tmp_path):
    write(tmp_path / "set-7", {LOG: finished_log()})
    source, captured_at = open_target(str(tmp_path), S3(), LogsOptions())
    facts, _ = await poll(source)
    assert captured_at is None
    assert [fact.eval_set_id for fact in of(facts, SpecRead)] == ["set-7"]


@pytest.mark.parametrize("in_cluster", [True, False])
async def test_a_bundle_is_looked_at_again_by_its_own_path(tmp_path, in_cluster):
    parts = {"kubernetes": {"pods.json": kubernetes_list()}} if in_cluster else {}
    source, _ = bundle(tmp_path, store=running_store(), **parts)
    facts, _ = await poll(source)
    assert of(facts, Located) == [Located("my-set", str(tmp_path), "", local=not in_cluster)]


async def test_a_log_directory_is_on_this_machine(tmp_path):
    write(tmp_path / "one", running_store())
    source, _ = open_target(str(tmp_path), S3(), LogsOptions())
    facts, _ = await poll(source)
    place = str(tmp_path / "one")
    assert of(facts, Located) == [Located("one", place, place, local=True)]
