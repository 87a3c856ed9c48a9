"""The older logs of a task: how many, and how each ended."""

from tests.builders.logs import finished_log, running_log
from watchdog.collect.inspect.logs import LogsOptions, LogsSource
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.model.facts import AttemptsRead


def name(hour: int, suffix: str = "") -> str:
    return f"2026-11-23T{hour:02d}-00-00+00-00_mmlu_AbC123{suffix}.eval"


class Counted(DirectoryStore):
    """Notes which ends of files are read."""

    def __init__(self, root) -> None:
        super().__init__(root)
        self.tails: list[str] = []

    async def get_tail(self, path, length, if_none_match=None):
        self.tails.append(path)
        return await super().get_tail(path, length, if_none_match)


async def read(source: LogsSource) -> list[AttemptsRead]:
    facts = []
    await source.poll(1000.0, facts.append)
    return [fact for fact in facts if isinstance(fact, AttemptsRead)]


def failed_log(error: str) -> bytes:
    return finished_log(status="error", error={"message": error})


async def test_each_log_of_a_task_is_an_attempt_and_a_recovered_copy_is_none(tmp_path):
    (tmp_path / name(1)).write_bytes(failed_log("RuntimeError('Helm install failed')\nmore"))
    (tmp_path / name(2)).write_bytes(running_log())
    (tmp_path / name(2, "-recovered")).write_bytes(failed_log("x"))
    (tmp_path / name(3)).write_bytes(running_log())
    (fact,) = await read(LogsSource(DirectoryStore(tmp_path), LogsOptions()))
    assert (fact.log, fact.count) == (name(3), 3)
    assert [(one.log, one.status) for one in fact.earlier] == [
        (name(1), "error"),
        (name(2), "started"),
    ]
    assert fact.earlier[0].error == "RuntimeError('Helm install failed')"


async def test_a_first_attempt_and_its_copy_are_one(tmp_path):
    (tmp_path / name(1)).write_bytes(running_log())
    (tmp_path / name(1, "-recovered")).write_bytes(failed_log("x"))
    assert await read(LogsSource(DirectoryStore(tmp_path), LogsOptions())) == []


async def test_what_has_ended_is_read_once(tmp_path):
    for hour in range(1, 5):
        (tmp_path / name(hour)).write_bytes(failed_log("x"))
    store = Counted(tmp_path)
    source = LogsSource(store, LogsOptions(listing_interval=0.0))
    first = await read(source)
    assert sorted(set(store.tails)) == [name(hour) for hour in range(1, 5)]
    store.tails.clear()
    assert await read(source) == first
    assert set(store.tails) <= {name(4)}


async def test_a_log_that_can_t_be_read_is_an_attempt_all_the_same(tmp_path):
    (tmp_path / name(1)).write_bytes(b"garbage")
    (tmp_path / name(2)).write_bytes(running_log())
    (fact,) = await read(LogsSource(DirectoryStore(tmp_path), LogsOptions()))
    assert (fact.count, fact.earlier[0].status) == (2, None)
