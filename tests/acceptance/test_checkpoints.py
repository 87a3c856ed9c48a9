"""The whole service on a real S3 server, killed and begun again: it reads what is new."""

import json
import signal
from collections import Counter

import pytest

from tests.acceptance.service_process import ServiceProcess
from tests.builders.logs import LOG
from tests.builders.long_history import LongHistory
from tests.contract.stores import aws, bucket, s3_server

__all__ = ["aws", "bucket", "s3_server"]

pytestmark = pytest.mark.acceptance

SETS = ("one", "two", "three")


class Stored:
    """Eval sets in a bucket, grown as their runner would."""

    def __init__(self, bucket, folder) -> None:
        self.bucket, self.folder = bucket, folder
        self.histories = {name: LongHistory(2, 200, seed) for seed, name in enumerate(SETS)}
        self.put: set[str] = set()
        for name in SETS:
            self.sync(name)

    def sync(self, name) -> None:
        """All that is new in it; its manifest always is."""
        folder = self.folder / name
        self.histories[name].write(folder)
        for path in sorted(folder.rglob("*")):
            key = path.relative_to(self.folder).as_posix()
            if path.is_file() and (key not in self.put or path.name == "manifest.json"):
                self.bucket.put(key, path.read_bytes())
                self.put.add(key)

    def fail(self, name) -> None:
        self.histories[name].fail(0, 12, 1800.0)
        self.sync(name)


def begin(folder, bucket) -> ServiceProcess:
    return ServiceProcess(
        folder,
        [bucket.target],
        arguments=["--interval", "0.5"],
        environment={
            "WATCHDOG_S3": json.dumps({"endpoint_url": bucket.url, "region": "us-east-1"}),
            "WATCHDOG_STATUS_FEEDS": "[]",
            "NO_PROXY": "127.0.0.1",
        },
    )


def kinds(requests) -> Counter:
    """What was answered in full, by the file's kind."""
    names = [r.path.rpartition("/")[2] for r in requests if r.status in {200, 206} and not r.query]
    return Counter(name.partition(".")[0] if name != LOG else "log" for name in names)


def failing(service) -> dict[str, int]:
    """Failures in a row, by eval set."""
    status, body = service.get("/api/v1/report")
    assert status == 200
    tasks = {one["eval_set_id"]: one["tasks"][0] for one in json.loads(body)["eval_sets"]}
    return {n: max(s["fail_streak"] for s in task["running"]) for n, task in tasks.items()}


def saved(service) -> bool:
    lines = service.get("/metrics")[1].splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if line.startswith("eval_watchdog_check"))
    at = float(values.get("eval_watchdog_checkpoint_timestamp_seconds", 0))
    return at > 0 and float(values["eval_watchdog_checkpoint_pending_eval_sets"]) == 0


def test_killed_and_begun_again_it_reads_what_is_new(bucket, tmp_path):
    (tmp_path / "state").mkdir()
    stored = Stored(bucket, tmp_path / "objects")
    total = sum(one.buffer.segments for one in stored.histories.values())
    first = begin(tmp_path / "state", bucket)
    try:
        with bucket.counted() as requests:
            assert first.until_ready()
            assert kinds(requests)["segment"] == total
        assert first.until(lambda: saved(first), 150)
        before = failing(first)
    finally:
        first.stop(signal.SIGKILL)
    stored.fail("two")
    new = sum(one.buffer.segments for one in stored.histories.values()) - total
    again = begin(tmp_path / "state", bucket)
    try:
        with bucket.counted() as requests:
            assert again.until_ready()
            read = kinds(requests)
        assert read["segment"] == new > 0
        assert read["manifest"] == 1
        assert read["log"] <= 1
        assert failing(again) == {**before, "two": 12}
        assert again.count("resumed") == 1
    finally:
        again.stop()


def test_a_second_service_in_the_role_writes_nothing(bucket, tmp_path):
    (tmp_path / "state").mkdir()
    Stored(bucket, tmp_path / "objects")
    first = begin(tmp_path / "state", bucket)
    try:
        assert first.until_ready()
        second = begin(tmp_path / "state", bucket)
        assert second.process.wait(60) == 3
        assert "is in use" in second.output.read_text()
        assert first.until(lambda: saved(first), 150)
    finally:
        first.stop()
