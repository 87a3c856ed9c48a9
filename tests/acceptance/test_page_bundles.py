"""The process that writes a bundle for the page: bounded, and gone with whoever wanted it."""

import asyncio
import json
import tarfile
from pathlib import Path

import pytest

from tests.acceptance.playback import Playback
from watchdog.config.load import load
from watchdog.redaction import Secrets
from watchdog.service import page_bundles
from watchdog.service.page_bundles import PREFIX, page_bundler
from watchdog.surfaces.web.handout import BundleError

pytestmark = pytest.mark.acceptance


@pytest.fixture
def bundler(tmp_path, monkeypatch):
    playback = Playback("one_sample_500", tmp_path)
    playback.play(3)
    room = tmp_path / "tmp"
    room.mkdir()
    monkeypatch.setattr(page_bundles.tempfile, "tempdir", str(room))

    def make(logs=(str(playback.logs.parent),), **web):
        given = {"logs": logs, "status_feeds": (), "web": web}
        return page_bundler(lambda: load(given), playback.clock, Secrets(("hunter2!",)))

    make.room, make.bundles = room, playback.bundles
    return make


def processes():
    """Processes of ours that write bundles."""
    lines = (Path(p, "cmdline") for p in Path("/proc").iterdir() if p.name.isdecimal())
    found = []
    for line in lines:
        try:
            found += [line] if b"bundle_process" in line.read_bytes() else []
        except OSError:
            continue
    return found


async def test_it_is_written_and_leaves_no_name_on_the_disk(bundler):
    archive = await bundler()("one_sample_500")
    with archive.file:
        assert archive.size == len(archive.file.read()) > 100
    assert archive.name.startswith("one_sample_500-")
    assert not list(bundler.room.iterdir())


async def test_of_a_bundle_that_is_watched_it_is_that_one_s_own(bundler):
    """As it was captured then, whenever the page is asked."""
    watched = bundler.bundles[1]
    about = json.loads((watched / "bundle.json").read_text())
    archive = await bundler(logs=(str(watched),))(about["eval_set_id"])
    with archive.file, tarfile.open(fileobj=archive.file) as packed:
        (name,) = [one for one in packed.getnames() if one.endswith("/bundle.json")]
        assert json.loads(packed.extractfile(name).read()) == about
        names = {one.partition("/")[2] for one in packed.getnames()}
    assert "report.md" in names


async def test_who_cancels_it_ends_its_process(bundler):
    writing = asyncio.create_task(bundler()("one_sample_500"))
    async with asyncio.timeout(30):
        while not processes():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert not processes()
    assert not list(bundler.room.iterdir())


async def test_its_time_is_bounded(bundler):
    with pytest.raises(BundleError, match=r"longer than 0\.2 s \(web\.evidence_timeout\)"):
        await bundler(evidence_timeout=0.2)("one_sample_500")
    assert not list(bundler.room.iterdir())


async def test_its_memory_is_bounded(bundler, monkeypatch):
    monkeypatch.setattr(page_bundles, "_resident", lambda _pid: 2**40)
    with pytest.raises(BundleError, match="bytes of memory"):
        await bundler()("one_sample_500")


async def test_its_room_is_bounded(bundler, monkeypatch):
    monkeypatch.setattr(page_bundles, "_room", lambda _folder: (page_bundles.ROOM + 1, 2**40))
    with pytest.raises(BundleError, match="no room"):
        await bundler()("one_sample_500")
    monkeypatch.setattr(page_bundles, "ROOM", 2**60)
    with pytest.raises(BundleError, match="bytes are free"):
        await bundler()("one_sample_500")


async def test_an_eval_set_that_is_gone_is_said(bundler):
    with pytest.raises(BundleError, match="no such eval set"):
        await bundler()("nobody")


async def test_what_a_killed_service_left_goes_away(bundler):
    (bundler.room / f"{PREFIX}old").mkdir()
    (bundler.room / "of somebody").mkdir()
    page_bundles._folder(-1.0).rmdir()
    assert [path.name for path in bundler.room.iterdir()] == ["of somebody"]
