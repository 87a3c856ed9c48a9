"""A log that lies there and may not be read: what depends on it is unknown, never healthy."""

import os
from pathlib import Path

import pytest

from tests.builders import logs
from watchdog.collect.inspect.naming import log_file, with_barred
from watchdog.collect.stores.objects import FileMeta
from watchdog.config.load import load
from watchdog.pipeline.once import check

NOW = 1_763_913_000.0
NEWER = logs.LOG.replace("2026-11-23", "2026-11-24")
WHYS = {
    "link": "a link that leads out of the directory",
    "nowhere": "a link that leads nowhere",
    "fifo": "a named pipe, no regular file",
    "folder": "a folder, no regular file",
    "up": "a folder, no regular file",
}


def laid(root: Path, objects: dict[str, bytes]) -> None:
    for name, data in objects.items():
        path = root / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def bar(path: Path, kind: str, outside: Path) -> None:
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "up":
        path.symlink_to("..")
    else:
        outside.write_bytes(logs.running_log())
        path.symlink_to(outside if kind == "link" else outside.with_name("nothing"))


async def judged(root: Path):
    (one,) = (await check([str(root)], load({}), NOW, NOW)).eval_sets
    return one


@pytest.mark.parametrize("kind", WHYS)
async def test_its_task_is_unknown_with_the_reason(tmp_path, kind):
    objects = logs.running_store()
    del objects[logs.LOG]
    laid(tmp_path / "root", objects)
    bar(tmp_path / "root" / "set" / logs.LOG, kind, tmp_path / "outside")
    one = await judged(tmp_path / "root")
    assert one.verdict == "unknown"
    (task,) = one.tasks
    assert (task.log, task.verdict) == (logs.LOG, "unknown")
    assert WHYS[kind] in one.summary


async def test_what_an_older_log_of_the_task_says_is_not_taken_for_it(tmp_path):
    laid(tmp_path / "root", logs.running_store())
    bar(tmp_path / "root" / "set" / NEWER, "fifo", tmp_path / "outside")
    one = await judged(tmp_path / "root")
    assert [task.log for task in one.tasks] == [NEWER]
    assert one.verdict == "unknown"


async def test_an_older_one_does_no_harm(tmp_path):
    newer = {k.replace("2026-11-23", "2026-11-24"): v for k, v in logs.running_store().items()}
    laid(tmp_path / "root", newer)
    bar(tmp_path / "root" / "set" / logs.LOG, "fifo", tmp_path / "outside")
    one = await judged(tmp_path / "root")
    assert [task.log for task in one.tasks] == [NEWER]
    assert one.verdict != "unknown"


def test_a_bucket_may_have_a_prefix_that_is_called_like_a_log():
    log = log_file(FileMeta(logs.LOG, 1, NOW))
    assert with_barred((log,), ((logs.LOG, "a folder, no regular file"),)) == ((log,), {})
