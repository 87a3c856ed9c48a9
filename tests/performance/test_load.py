"""The load generator writes what Inspect writes, and a real server takes it for its own."""

import random
from collections import Counter
from hashlib import md5

import pytest
from inspect_ai.log import read_eval_log
from inspect_ai.log._recover._reconstruct import reconstruct_events

from tests.control_plane.fixtures import found
from tests.performance.awscli_baseline import samples
from tests.performance.load.buffers import QUEUED, Shape
from tests.performance.load.fleets import fleet
from tests.performance.load.states import facts, folded, write
from tests.performance.load.store import BUCKET, PREFIX, FleetStore
from watchdog.model.thresholds import Thresholds
from watchdog.pipeline.evaluate import evaluate

NOW = 1_795_420_800.0


@pytest.mark.acceptance
@pytest.mark.parametrize("mood", ["quiet", "outage", "one_hangs"])
def test_inspect_reads_it(tmp_path, mood):
    (task,) = fleet(1, Shape(4, 80, mood=mood), NOW).tasks
    for key, data in (task.objects() | task.change(NOW + 30, mood)).items():
        write(tmp_path, key, data, NOW)
    log = tmp_path / task.key
    assert read_eval_log(str(log), header_only=True).eval.task_id == task.task_id
    read = list(samples(str(log)))
    assert sum(len(data.events) for data in read) == task.pattern.last_row
    for data in read:
        events = reconstruct_events(data)
        asked = [event for event in events if event.event == "model"]
        assert asked
        assert all(event.input for event in asked)
        assert asked[-1].pending or mood == "one_hangs"


@pytest.mark.parametrize(
    ("mood", "verdicts"),
    [("quiet", {"progressing"}), ("outage", {"stuck"}), ("one_hangs", {"partially_stuck"})],
)
def test_it_is_judged_for_what_it_is(mood, verdicts):
    states = folded(facts(8, Shape(4, 60, 2, mood), NOW, patterns=4))
    snapshot = evaluate(states, (), NOW, Thresholds(), 300.0)
    assert {one.verdict for one in snapshot.report.eval_sets} == verdicts
    assert len(snapshot.report.eval_sets) == 4
    assert all(len(one.tasks) == 2 for one in snapshot.report.eval_sets)


def test_what_changes_is_newer_and_names_its_segment():
    (task,) = fleet(1, Shape(6, 60), NOW).tasks
    before = task.pattern.last_row
    objects = task.change(NOW + 30, "quiet")
    assert list(objects) == [task.segment_key(task.pattern.segment), task.manifest_key]
    assert task.pattern.last_row == before + 5 * 8
    newest = max(conversation.at for conversation in task.pattern.conversations)
    assert newest == NOW + 30


def test_all_tasks_change_before_one_does_again():
    made = fleet(30, Shape(1, 6), NOW)
    chosen = [task.number for _ in range(10) for task in made.changing(3)]
    assert Counter(chosen) == Counter(range(30))


@pytest.mark.acceptance
def test_a_task_lives_until_its_last_sample_has_ended(tmp_path):
    (task,) = fleet(1, Shape(2, 12), NOW).tasks
    chance = random.Random(0)  # noqa: S311
    for turn in range(1, 100):
        objects = task.complete(NOW + turn, chance)
        if task.finished_at is not None:
            break
    assert list(objects) == [task.key]
    assert turn == 2 + QUEUED
    write(tmp_path, task.key, objects[task.key], NOW)
    log = read_eval_log(str(tmp_path / task.key), header_only=True)
    assert log.status == "success"
    assert sorted(n for flush in task.journal for n in flush) == list(range(1, 10 + 2 + QUEUED + 1))


@pytest.mark.control_plane
def test_a_real_server_takes_it_for_its_own(request, tmp_path):
    made = fleet(4, Shape(2, 30, 2), NOW)
    with found(request.config, lambda _: FleetStore(tmp_path / "s3")) as store:
        count = store.lay(made)
        listed = store.server.client.list_objects_v2(Bucket=BUCKET)["Contents"]
        assert len(listed) == count
        store.take_requests()
        keys = [f"{PREFIX}/{key}" for key in made.tasks[0].objects()]
        answers = [store.server.client.get_object(Bucket=BUCKET, Key=key) for key in keys]
        bodies = [answer["Body"].read() for answer in answers]
        sums = [md5(body).hexdigest() for body in bodies]  # noqa: S324 - S3's ETag
        assert [one["ETag"] for one in answers] == [f'"{one}"' for one in sums]
        asked = store.take_requests()
        assert [(one.kind, one.key) for one in asked] == [("GET 200", key) for key in keys]
        assert [one.size for one in asked] == [len(body) for body in bodies]
        assert store.change(made.tasks[:1], NOW + 30, "quiet") == 2
        after = made.tasks[0].manifest_bytes()
        got = store.server.client.get_object(
            Bucket=BUCKET, Key=f"{PREFIX}/{made.tasks[0].manifest_key}"
        )
        assert got["Body"].read() == after
