"""From measurements to lines: what is compared with what, and the goals."""

from __future__ import annotations

from tests.performance.decoding import Decoded
from tests.performance.evaluate_cost import Thought
from tests.performance.fleet import CHANGED, TASKS
from tests.performance.polling import Polls, middle
from tests.performance.table import Line, Section, in_unit, versus

POLL_GOAL = 50.0
DECODE_GOAL = 20.0
MS, KB, MB, US = 1e3, 1e-3, 1e-6, 1e6


def poll(polls: Polls) -> Section:
    """One poll against a sync and what must be read then."""
    own_polling, sync, start = (
        middle(side.cpu) * MS for side in (polls.own_polling, polls.sync, polls.start)
    )
    new, changed, every = (
        middle(side.cpu) * MS for side in (polls.read_new, polls.read_changed, polls.read_all)
    )
    size, awscli_baseline = middle(polls.own_polling.size) * KB, middle(polls.sync.size) * KB
    idle = middle(polls.idle.size) * KB
    listed_cpu, listed = middle(polls.listing.cpu) * MS, middle(polls.listing.size) * KB
    goal = POLL_GOAL
    return Section(
        f"One poll of {TASKS} running tasks, of which {CHANGED} changed",
        f"{polls.segments:,} segments in S3 (a local server over HTTP). Here: conditional GETs, "
        "reading and folding what is new, all counted. The usual way: an incremental `aws s3 "
        "sync` of the buffers, then Inspect's own reader for the running samples. Bytes are both "
        "directions, heads included.",
        (
            versus(
                "CPU, all rows of the changed tasks read", own_polling, sync + changed, "ms", goal
            ),
            versus(
                "- without the command's start", own_polling, sync - start + changed, "ms", goal
            ),
            versus(
                "- only new rows read, without the start", own_polling, sync - start + new, "ms"
            ),
            versus("- all rows of all tasks read", own_polling, sync + every, "ms"),
            versus("- ours with a listing (each 2 minutes)", listed_cpu, sync + changed, "ms"),
            versus("bytes", size, awscli_baseline, "KB", goal),
            versus("- ours with a listing, nothing changed", listed, awscli_baseline, "KB"),
            Line("- ours, nothing changed", in_unit(idle, "KB")),
            Line("CPU, nothing changed", in_unit(middle(polls.idle.cpu) * MS, "ms")),
            Line("the command's start alone", "", in_unit(start, "ms")),
        ),
    )


def decode(found: dict[str, Decoded]) -> Section:
    """Events per second."""
    return Section(
        "Reading events",
        "The same buffers, from local disk, read as a monitor that sees a task for the first time: "
        "all rows of all running samples, both in one process. **from disk**: Inspect's own reader "
        "as it stands (`SampleBufferFilestore`: `get_samples`, then `get_sample_data` for each "
        "running sample), which gives each event as a dictionary; here, `Buffer`, which gives "
        "typed rows of what rules need. This is the comparison that has the goal. **to typed "
        "events**: the same, with Inspect's `reconstruct_events` after it. **JSON alone**: from "
        "a member's bytes, unzipped before, to dictionaries there and rows here.",
        tuple(line for name, one in found.items() for line in _decoded(name, one)),
    )


def _decoded(name: str, found: Decoded) -> tuple[Line, ...]:
    def line(
        what: str, own_polling: float, awscli_baseline: float, goal: float | None = None
    ) -> Line:
        return versus(
            what, found.rows / own_polling, found.rows / awscli_baseline, "rows/s", goal, more=True
        )

    title = f"{name} ({found.samples} samples, {found.segments:,} segments, {found.rows:,} rows)"
    return (
        line(f"{title}: from disk", found.own_polling, found.reader, DECODE_GOAL),
        line("- to typed events", found.own_polling, found.events),
        line("- JSON alone", found.our_json, found.json),
    )


def think(found: Thought) -> Section:
    """Fold and evaluate."""
    samples = found.samples / found.tasks
    return Section(
        "Folding and evaluating",
        f"{found.tasks} tasks with {samples:.0f} running samples each, all in long conversations. "
        "No goals.",
        (
            Line("fold", in_unit(found.fold / found.rows * US, "µs/event")),
            Line("evaluate", in_unit(found.evaluate / found.samples * US, "µs/sample")),
            Line("evaluate, all tasks, after each poll", in_unit(found.evaluate * US, "µs")),
            Line("the same, every sample failing", in_unit(found.failing * US, "µs")),
            Line("- over nothing failing", f"{found.failing / found.evaluate:.2f}x"),
            Line("- over half as many tasks", f"{found.failing / found.half:.2f}x"),
            Line("learn, all tasks, after each poll", in_unit(found.learn * US, "µs")),
        ),
    )


def memory(polls: Polls) -> Section:
    """What the first poll leaves behind."""
    first = polls.first
    above = in_unit(first.memory * MB, "MB") if first.memory else "not told by this system"
    return Section(
        "The first poll, which reads everything",
        f"{first.tasks} tasks, {first.samples} running samples, {first.rows:,} rows. Memory is the "
        "most that the process had, above what it has when idle.",
        (Line("memory", above), Line("CPU", in_unit(first.cpu, "s"))),
    )
