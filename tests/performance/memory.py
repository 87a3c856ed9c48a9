"""Where the bytes are: `python -m tests.performance.memory [TASKS] [SAMPLES] [EVENTS]`.

Makes states through the real reader and the real fold of simulated buffers, and weighs what is
remembered: by field of a sample, by type, and what the readers keep.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
import tracemalloc
from collections import Counter

from tests.builders.agent_states import read
from tests.builders.weight import by_type, weight
from watchdog.model.state import SampleState


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def fields_of(samples: list[SampleState]) -> Counter[str]:
    """Bytes of each field over all samples; what several share counts with the first."""
    sizes: Counter[str] = Counter()
    shared: list[object] = []
    for name in SampleState.__struct_fields__:
        values = [getattr(sample, name) for sample in samples]
        sizes[name] = weight(values, shared)
        shared += values
    sizes["(the record itself)"] = sum(map(sys.getsizeof, samples))
    return sizes


def _table(sizes: Counter[str], count: int, title: str) -> None:
    _say(f"\n{title}: {sum(sizes.values()) / count:,.0f} bytes")
    for name, size in sizes.most_common(24):
        if size / count >= 1:
            _say(f"  {size / count:9,.1f}  {name}")


def main(tasks: int = 100, samples: int = 15, events: int = 100) -> None:
    """Print it."""
    gc.collect()
    tracemalloc.start()
    began = time.process_time()
    states, buffers = asyncio.run(read(tasks, samples, events))
    took = time.process_time() - began
    gc.collect()
    traced, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    running = [
        s for state in states.values() for t in state.tasks.values() for s in t.samples.values()
    ]
    count = len(running)
    _say(f"{tasks:,} tasks, {count:,} samples, {events:,} events each; {took:.1f} s of CPU")
    _say(f"outcomes a sample: {sum(len(s.recent) for s in running) / count:.1f}")
    _say(f"traced: {traced / count:,.0f} bytes a sample")
    _say(f"states: {weight([states]) / count:,.0f}, readers: {weight(buffers) / count:,.0f}")
    _table(fields_of(running), count, "fields of a sample")
    _table(by_type([states]), count, "states by type, a sample")
    _table(by_type(buffers, [states]), tasks, "readers by type, a task")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
