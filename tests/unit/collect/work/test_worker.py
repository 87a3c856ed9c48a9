"""The worker process: what a file does to it is that file's problem, and nobody else's."""

import asyncio
import json
import os
import signal
from contextlib import aclosing

import pytest

from tests.builders import logs
from watchdog.collect.inspect.segments import Rows
from watchdog.collect.work.account import Account
from watchdog.collect.work.jobs import (
    ERRORS,
    SegmentArguments,
    encode,
    entries_piece,
    row_pieces,
    segment_piece,
)
from watchdog.collect.work.limits import WorkLimits
from watchdog.collect.work.worker import Worker, WorkFailed
from watchdog.model.facts import Row

MANIFEST = logs.manifest(*(logs.sample(n, ((1, n),)) for n in range(5_000)))


async def read(worker, job="manifest", data=MANIFEST, arguments=b""):
    async with aclosing(worker.read(job, data, arguments, Account())) as pieces:
        return [piece async for piece in pieces]


def run(work, limits=None):
    async def main():
        worker = Worker(limits or WorkLimits())
        try:
            return await work(worker)
        finally:
            await worker.stop()

    return asyncio.run(main())


def test_a_manifest_comes_back_in_pieces():
    pieces = [entries_piece(piece).samples for piece in run(read)]
    assert sum(map(len, pieces)) == 5_000
    assert max(map(len, pieces)) <= 2_000


def test_rows_come_back_in_order_and_what_is_missing_is_said():
    data = logs.zipped({"1_1.json": logs.rows(*[logs.event("info")] * 1_200)})
    arguments = encode(SegmentArguments(("1_1.json", "2_1.json"), 2**20))
    pieces = list(map(segment_piece, run(lambda w: read(w, "segment", data, arguments))))
    assert [row.id for piece in pieces for row in piece.rows] == list(range(1, 1_201))
    assert max(len(piece.rows) for piece in pieces) <= 500
    assert [piece.place for piece in pieces if piece.missing] == [1]


def test_what_is_corrupt_says_so_and_leaves_the_process():
    async def work(worker):
        with pytest.raises(WorkFailed, match="not JSON") as failure:
            await read(worker, data=b"{" * 10)
        await read(worker)
        return failure.value.kind, worker.started

    assert run(work) == ("corrupt", 1)


def test_too_much_time_ends_the_process_and_the_next_file_gets_another():
    async def work(worker):
        with pytest.raises(WorkFailed, match=r"more than 0\.05 s of CPU") as failure:
            await read(worker, data=json.dumps({"samples": [[1]] * 3_000_000}).encode())
        assert not worker.running
        return failure.value.kind, len(await read(worker, data=logs.manifest()))

    assert run(work, WorkLimits(cpu_seconds=0.05)) == ("too_slow", 1)


def test_too_much_memory_is_said():
    async def work(worker):
        with pytest.raises(WorkFailed, match="more than 64 MiB of memory") as failure:
            await read(worker, data=b" " * (80 * 1024 * 1024))
        return failure.value.kind

    assert run(work, WorkLimits(memory=64 * 1024 * 1024)) == "memory"


def test_a_process_that_dies_is_replaced():
    async def work(worker):
        await read(worker)
        os.kill(worker._process.pid, signal.SIGKILL)
        with pytest.raises(WorkFailed, match="signal 9") as failure:
            await read(worker)
        return failure.value.kind, len(await read(worker, data=logs.manifest())), worker.started

    assert run(work) == ("died", 1, 2)


def test_it_has_no_secret_in_its_environment(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")

    async def work(worker):
        await read(worker)
        with open(f"/proc/{worker._process.pid}/environ", "rb") as environment:  # noqa: ASYNC230, PTH123
            return environment.read()

    assert b"hidden" not in run(work)


def test_without_work_it_ends():
    async def work(worker):
        await read(worker)
        process = worker._process
        return await asyncio.wait_for(process.wait(), 30)

    assert run(work, WorkLimits(idle_seconds=0.01)) == 0


def test_who_stops_reading_frees_it_for_the_next():
    async def work(worker):
        async with aclosing(worker.read("manifest", MANIFEST, b"", Account())) as pieces:
            await anext(pieces)
        assert not worker.running
        return len(await read(worker))

    assert run(work) > 1


def test_long_errors_come_in_more_pieces_and_nothing_is_lost():
    rows = tuple(Row(n, f"e{n}", "model", error="x" * 4000) for n in range(100))
    pieces = list(row_pieces(0, Rows(rows)))
    assert tuple(row for piece in pieces for row in piece.rows) == rows
    assert max(sum(len(row.error) for row in piece.rows) for piece in pieces) <= ERRORS + 4000
    assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
