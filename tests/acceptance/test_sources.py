"""Sources apart, with the real service: one that is down or lies takes nothing from the others."""

import contextlib
import shutil
import socket

import pytest

from tests.acceptance.playback import Playback
from tests.acceptance.reading import page_of, verdicts
from tests.contract.stores import aws, bucket, s3_server
from watchdog.collect.inspect.logs import LogsSource
from watchdog.surfaces.web.health import ready

__all__ = ["aws", "bucket", "s3_server"]

HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Hi</p></body></html>"


@pytest.fixture
def nobody(aws):  # noqa: ARG001
    """An S3 endpoint at which nobody listens."""
    with contextlib.closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        yield {
            "endpoint_url": f"http://127.0.0.1:{held.getsockname()[1]}",
            "region": "us-east-1",
            "timeout": 1,
            "retries": 0,
        }


def stuck_in(tmp_path, name="logs"):
    playback = Playback("all_500", tmp_path / name)
    playback.play(-1)
    return playback


def metric(app, name: str) -> dict[str, float]:
    samples = [s for family in app.metrics.registry.collect() for s in family.samples]
    return {s.labels.get("source", ""): s.value for s in samples if s.name == name}


def upload(bucket, playback) -> None:
    for path in playback.logs.rglob("*"):
        if path.is_file():
            bucket.put(f"all_500/{path.relative_to(playback.logs)}", path.read_bytes())


async def test_a_dead_bucket_at_the_start_silences_nobody(tmp_path, serve, slack, nobody):
    playback = stuck_in(tmp_path)
    here, there = str(playback.logs.parent), "s3://evals/prod"
    app = await serve(playback.clock, there, here, s3=nobody)
    await app.tick()
    (message,) = slack.messages
    assert ":red_circle: *Stuck:* `all_500`" in message
    assert verdicts(app) == {"all_500": "stuck"}
    assert app.learner.learned.until is not None
    state = ready(app.health())
    assert not state.ready
    assert any(there in reason for reason in state.reasons)
    assert not any(here in reason for reason in state.reasons)
    assert metric(app, "eval_watchdog_source_up") == {there: 0.0, here: 1.0}
    last = metric(app, "eval_watchdog_source_last_complete_poll_timestamp_seconds")
    assert last == {there: 0.0, here: pytest.approx(playback.now, abs=1)}
    text = page_of(app, playback.now)
    assert f"Source {there} was not read yet" in text
    assert f"Source {here}" not in text


async def test_nothing_but_a_dead_bucket_is_unknown_and_not_over(tmp_path, serve, slack, nobody):
    playback = stuck_in(tmp_path)
    app = await serve(playback.clock, "s3://evals/prod", s3=nobody)
    for _ in range(3):
        await app.tick()
        playback.now += 30
    assert app.snapshot.report.verdict.value == "unknown"
    text = page_of(app, playback.now)
    assert "No eval set is running" not in text
    assert "Finished" not in text
    assert slack.messages == []


async def test_finished_ones_beside_a_dead_source_are_not_all(tmp_path, serve, nobody):
    playback = Playback("finished", tmp_path)
    playback.play(-1)
    app = await serve(playback.clock, "s3://evals/prod", str(playback.logs.parent), s3=nobody)
    await app.tick()
    assert verdicts(app) == {"finished": "finished"}
    assert app.snapshot.report.verdict.value == "unknown"


async def test_an_incident_outlives_a_restart_with_its_source_away(tmp_path, serve, slack):
    """Neither ended nor told again, while another source goes on; it is told when it is over."""
    first, second = stuck_in(tmp_path, "one"), Playback("finished", tmp_path / "two")
    second.play(-1)
    targets = (str(first.logs.parent), str(second.logs.parent))
    app = await serve(first.clock, *targets)
    await app.tick()
    assert len(slack.messages) == 1
    hidden = tmp_path / "hidden"
    first.logs.parent.rename(hidden)
    app = await serve(first.clock, *targets)
    for _ in range(10):
        await app.tick()
        first.now += 60
    assert len(slack.messages) == 1
    hidden.rename(first.logs.parent)
    await app.tick()
    assert verdicts(app)["all_500"] == "stuck"
    assert len(slack.messages) == 1


async def test_an_endpoint_that_answers_with_a_page_ends_nothing(tmp_path, serve, slack, bucket):
    playback = stuck_in(tmp_path)
    upload(bucket, playback)
    s3 = {"endpoint_url": bucket.url, "region": "us-east-1", "timeout": 5, "retries": 0}
    app = await serve(playback.clock, bucket.target, s3=s3)
    await app.tick()
    assert verdicts(app) == {"all_500": "stuck"}
    assert len(slack.messages) == 1
    bucket.server.instead = HTML
    try:
        for _ in range(10):
            playback.now += 60
            await app.tick()
        assert verdicts(app) == {"all_500": "unknown"}
        assert not ready(app.health()).ready
        assert "ListBucketResult" in page_of(app, playback.now)
    finally:
        bucket.server.instead = None
    playback.now += 30
    await app.tick()
    assert verdicts(app) == {"all_500": "stuck"}
    assert ready(app.health()).ready
    assert len(slack.messages) == 1


@pytest.mark.parametrize("restart", [False, True])
async def test_a_directory_that_is_not_mounted_any_more_ends_nothing(
    tmp_path, serve, slack, restart
):
    playback = stuck_in(tmp_path)
    root = playback.logs.parent
    app = await serve(playback.clock, str(root))
    await app.tick()
    hidden = tmp_path / "hidden"
    root.rename(hidden)
    root.mkdir()
    if restart:
        app = await serve(playback.clock, str(root))
    for _ in range(20):
        playback.now += 60
        await app.tick()
    assert len(slack.messages) == 1
    assert app.snapshot.report.verdict.value == "unknown"
    text = page_of(app, playback.now)
    assert "No eval set is running" not in text or restart
    if not restart:
        assert verdicts(app) == {"all_500": "unknown"}
        assert "it is empty; before, 1 eval set lay there" in text
    root.rmdir()
    hidden.rename(root)
    playback.now += 30
    await app.tick()
    assert verdicts(app) == {"all_500": "stuck"}
    assert len(slack.messages) == 1


async def test_what_was_finished_is_not_called_so_for_ever(tmp_path, serve):
    playback = Playback("finished", tmp_path)
    playback.play(-1)
    app = await serve(playback.clock, str(playback.logs.parent))
    await app.tick()
    hidden = tmp_path / "hidden"
    playback.logs.parent.rename(hidden)
    for _ in range(5):
        playback.now += 60
        await app.tick()
    assert verdicts(app) == {"finished": "unknown"}
    text = page_of(app, playback.now)
    assert "does not answer since" in text
    assert "was last read in full at" in text
    hidden.rename(playback.logs.parent)
    await app.tick()
    assert verdicts(app) == {"finished": "finished"}


async def test_a_folder_that_is_deleted_beside_another_ends_within_minutes(tmp_path, serve, slack):
    playback, other = stuck_in(tmp_path), Playback("finished", tmp_path / "other")
    root = playback.logs.parent
    other.play(-1)
    shutil.copytree(other.logs, root / "other")
    other.now = playback.now
    app = await serve(playback.clock, str(root))
    for _ in range(5):
        await app.tick()
        playback.now += 60
    assert len(slack.messages) == 1
    shutil.rmtree(playback.logs)
    for _ in range(2):
        await app.tick()
        playback.now += 59
        assert len(slack.messages) == 1
    for _ in range(2):
        await app.tick()
        playback.now += 60
    assert verdicts(app) == {"other": "finished"}
    assert len(slack.messages) == 2
    assert "no longer watched" in slack.messages[1]


async def test_a_fault_in_one_source_takes_no_other_along(tmp_path, serve, slack, monkeypatch):
    first, second = stuck_in(tmp_path, "one"), stuck_in(tmp_path, "two")
    real = LogsSource.poll

    async def poll(source, now, emit):
        if source.name.endswith("one/logs"):
            raise IndexError("a fault")
        return await real(source, now, emit)

    monkeypatch.setattr(LogsSource, "poll", poll)
    app = await serve(second.clock, str(first.logs.parent), str(second.logs.parent))
    await app.tick()
    assert len(slack.messages) == 1
    assert verdicts(app) == {"all_500": "stuck"}
    assert any("a fault of the watchdog itself" in r for r in ready(app.health()).reasons)
