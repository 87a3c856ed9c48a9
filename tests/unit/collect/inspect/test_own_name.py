"""What Inspect calls an eval set: read when it is new, and no problem where it can't be."""

from watchdog.collect.inspect.logs import LogsOptions, LogsSource
from watchdog.collect.inspect.own_name import FILE
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.model.facts import OwnNameRead


class Watched:
    """A log directory that is polled."""

    def __init__(self, folder):
        (folder / "run").mkdir()
        (folder / "run" / ".buffer").mkdir()
        self.file = folder / "run" / FILE
        self.source = LogsSource(DirectoryStore(folder), LogsOptions(listing_interval=0.0))
        self.now = 0.0

    async def told(self):
        facts = []
        self.now += 30.0
        await self.source.poll(self.now, facts.append)
        return [(f.eval_set_id, f.name) for f in facts if isinstance(f, OwnNameRead)]


async def test_it_is_told_once_and_again_when_it_is_another(tmp_path):
    watched = Watched(tmp_path)
    assert await watched.told() == []
    watched.file.write_text("nWJu3Mz\n")
    assert await watched.told() == [("run", "nWJu3Mz")]
    assert await watched.told() == []
    watched.file.write_text("another")
    assert await watched.told() == [("run", "another")]
    watched.file.unlink()
    assert await watched.told() == [("run", "")]
    await watched.source.aclose()


async def test_what_is_no_name_is_none(tmp_path):
    watched = Watched(tmp_path)
    watched.file.write_bytes(b"x" * 5000)
    assert await watched.told() == []
    watched.file.write_bytes(b"\n")
    assert await watched.told() == [("run", "")]
    await watched.source.aclose()
