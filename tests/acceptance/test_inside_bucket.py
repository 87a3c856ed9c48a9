"""A sample's events as the whole service reads them from a bucket, and while that refuses."""

import json
import signal
from urllib.parse import quote

import pytest

from tests.acceptance.service_process import ServiceProcess
from tests.contract.stores import aws, bucket, s3_server
from tests.recordings.unpack import unpack

__all__ = ["aws", "bucket", "s3_server"]

pytestmark = pytest.mark.acceptance

NAME = "one_sample_500"


@pytest.fixture
def stored(bucket, tmp_path):
    store = unpack(NAME, tmp_path / "recording")[-1] / "store"
    for path in sorted(store.rglob("*")):
        if path.is_file():
            bucket.put(f"{NAME}/{path.relative_to(store).as_posix()}", path.read_bytes())
    return bucket


@pytest.fixture
def service(stored, tmp_path):
    (tmp_path / "state").mkdir()
    made = ServiceProcess(
        tmp_path / "state",
        [stored.target],
        environment={
            "WATCHDOG_S3": json.dumps({"endpoint_url": stored.url, "region": "us-east-1"}),
            "WATCHDOG_STATUS_FEEDS": "[]",
            "NO_PROXY": "127.0.0.1",
        },
    )
    yield made
    made.stop(signal.SIGTERM)


def test_a_samples_events_are_read_from_the_bucket_when_somebody_asks(service, stored):
    assert service.until_ready()
    base = f"/api/v1/eval-sets/{NAME}/samples"
    rows = json.loads(service.get(base)[1])["samples"]
    (row,) = [row for row in rows if row["id"] == "3"]
    address = f"{base}/{quote(row['task_id'])}?id=3&epoch=1"
    with stored.counted() as requests:
        detail = json.loads(service.get(address, 30)[1])
    assert (detail["events_from"], detail["not_available"]) == ("buffer", "")
    assert sum(event["outcome"] == "failed" for event in detail["events"]) == 32
    assert len([one for one in requests if "segment" in one.path]) < 200
    (ended,) = [row for row in rows if row["id"] == "6"]
    address = f"{base}/{quote(ended['task_id'])}?id=6&epoch=1"
    detail = json.loads(service.get(address, 30)[1])
    assert detail["events_from"] == "log"
    stored.server.fault = lambda _path, _query: "AccessDenied"
    status, body = service.get(address, 30)
    detail = json.loads(body)
    assert (status, detail["events"]) == (200, [])
    assert detail["not_available"].startswith("forbidden: ")
    assert detail["sample"]["id"] == "6"
