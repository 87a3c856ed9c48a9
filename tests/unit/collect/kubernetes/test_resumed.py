"""A cluster's eval sets in another life of the service: logs and runners' logs are read on."""

from msgspec.structs import replace

from tests.builders.cluster_sources import Cache, running, source_over, write
from tests.builders.logs import running_store
from watchdog.collect.source import Resumed
from watchdog.model.facts import ManifestRead, RowsRead, SpecRead, TaskProgressLogged, TaskRead
from watchdog.pipeline.resumption import Cut, Resumption
from watchdog.pipeline.source_state import SourceState
from watchdog.service.checkpoint_records import decode, encode

LINE = "2026-11-23T08:00:0{}.000000000Z Task: mini, Steps: 1/9 11%, Samples: 0/9, HTTP retries: {}"


async def test_what_was_read_is_not_read_again(tmp_path):
    cache, lines = Cache(), [LINE.format(1, 3)]
    write(tmp_path / "abc", running_store())
    (runner,) = running()["pods"]
    at_work = replace(runner, record=replace(runner.record, phase="Running"))
    cache.show(jobs=running()["jobs"], pods=[at_work])

    def read(*_):
        return "".join(f"{line}\n" for line in lines).encode()

    first = SourceState(source_over(cache, tmp_path, read), label="kubernetes")
    await first.poll(1000.0)
    (cut,) = (await first.cuts()).values()
    assert await first.cuts() == {}
    await first.poll(1030.0)
    assert await first.cuts() == {}, "what the cluster says with each poll is no change"
    kept: Resumed = decode(encode(Cut(*cut)), cut.state.own_name)
    assert [one.at for one in kept.position.runners.values()] == ["2026-11-23T08:00:01.000000000Z"]

    source = source_over(cache, tmp_path, read)
    again = SourceState(source, label="kubernetes", resumption=Resumption({"abc": kept}))
    source.resume_from(again.resumption.recall)
    lines.append(LINE.format(2, 5))
    facts = []
    take = source.poll

    async def noted(now, emit):
        return await take(now, lambda fact: (facts.append(fact), emit(fact))[1])

    source.poll = noted
    await again.poll(1060.0)
    kinds = {type(fact) for fact in facts}
    assert TaskRead in kinds
    assert not kinds & {SpecRead, ManifestRead, RowsRead}
    assert [f.http_retries for f in facts if isinstance(f, TaskProgressLogged)] == [5]
    (before,), (after,) = first.states["abc"].tasks.values(), again.states["abc"].tasks.values()
    assert after.samples == before.samples
    assert (after.http_retries, after.http_retries_before[0]) == (5, 3)
    assert again.states["abc"].cluster is not None
