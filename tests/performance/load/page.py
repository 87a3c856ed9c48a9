"""The part of docs/performance.md on large fleets, from what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from tests.performance.load.results import DAY, Result

GET_DOLLARS = 0.0004 / 1000
LIST_DOLLARS = 0.005 / 1000
"""S3 Standard's list prices in us-east-1; answers within a region are free."""
SIZES = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
HISTORY = 100
"""Events a task of those results that the fit rests on."""
MEBI = 1 << 20
HEAD = (
    "tasks",
    "CPU a poll",
    "times bare",
    "times asking all",
    "boto3",
    "aws s3 sync, reader",
    "PSS",
    "GETs, LISTs a poll",
    "read a poll",
    "scrape",
    "loop held",
    "slowest /healthz",
    "change to report",
    "first poll",
    "after a restart",
)
INTRODUCTION = """\
## Large fleets

`make bench ARGS="--size 1000 10000 --mood quiet outage --restart --markdown"`: the real service,
its own process tree, over a real S3 server (versitygw, keep-alive) that holds buffers as Inspect
writes them: 15 running samples and 100 events a task, five tasks an eval set. One task in a hundred
syncs between two polls. In an outage every running sample has twelve failed attempts behind it, and
what comes is more of them. CPU is that of all the service's processes, with one scrape of
`/metrics` a poll; **times bare** is that over the CPU of the same requests made by obstore alone,
**times asking all** over that of one such request for each task, as a loop makes at each poll that
gives no task a rhythm of its own; **boto3** is the CPU of boto3 making the same requests, **aws s3
sync, reader** an incremental sync, then Inspect's own reader over the tasks that changed. First
poll is a start that reads everything, after a restart one that goes on from checkpoints. A task of
this fleet syncs every fifty minutes. Once a call of it has lasted for half as long as it may before
it counts as hung, which is learned, the task is read at each poll (docs/operations.md): a fleet in
which calls of an hour are rare, and under way everywhere, would ask for more than here. Another
process was at work beside the newest runs. From run to run the quiet 10,000 took 333 to 371 MiB and
held the loop for 75 to 89 ms, in an outage for 85 to 116 ms. Loop held is
`eval_watchdog_event_loop_block_seconds`.
The machine is shared: CPU moves by a third from run to run, what is a time (loop, answers, delay)
by more.

History costs no memory: 500 tasks of 5,000 events each (`--size 500 --events 5000`, 127,100
objects) took 130 MiB and 2.2 CPU s a poll, their first picture 26 CPU s and 32 s; an `aws s3 sync`
of the same poll 375 CPU s.

Twenty stuck tasks hidden among 10,000 that work (`python -m tests.performance.load.needles --size
10000`) were told 38 s after a start with nothing: what was never read is read in order of when its
log was written, and in what is stuck that is long ago. Where that tells nothing (`--undated`: all
logs written at one moment) it was 36 to 173 s, half of them within 104 s (191 CPU s); on a day on
which the machine was slower (265 CPU s) 36 to 242 s, half of them within 141 s."""
SIZING = """\
### Sizing

What a fleet needs, by a straight line through the measured sizes (least squares, relative), at an
interval of {interval:.0f} s. Cores are CPU a poll over the interval; dollars are S3's list prices
for the requests (GET $0.0004, LIST $0.005 a thousand), answers within the region being free. Below
the smallest measured size work is in proportion to it; rows above the largest are on paper:
docs/design.md says what would be needed there. One process has one core for Python: where more
than 1.00 stands polls take longer than the interval, which is said, and the suspicious go first."""


def markdown(results: Sequence[Result]) -> str:
    """All of it."""
    parts = [INTRODUCTION, *(_measured(results, mood) for mood in ("quiet", "outage"))]
    usual = [one for one in results if one.events == HISTORY]
    if len({one.size for one in usual if one.mood == "quiet"}) > 1:
        parts += [SIZING.format(interval=usual[0].interval), _sizing(usual)]
    return "\n\n".join(part for part in parts if part)


def _measured(results: Iterable[Result], mood: str) -> str:
    rows = [_row(one) for one in results if one.mood == mood]
    title = {"quiet": "Most works", "outage": "Everything fails"}[mood]
    return f"### {title}\n\n{_table(HEAD, rows)}" if rows else ""


def _row(one: Result) -> tuple[str, ...]:
    usual = "" if one.sync is None or one.reader is None else f"{one.sync:.1f} + {one.reader:.2f} s"
    about = f"{one.size:,}" + (f" of {one.events:,} events" if one.events != HISTORY else "")
    return (
        about + (" (profiled)" if one.profiled else ""),
        f"{one.cpu:.2f} s",
        f"{one.times_bare:.1f}",
        f"{_times_all(one):.1f}",
        f"{one.boto3:.2f} s",
        usual,
        f"{one.pss // MEBI} MiB",
        f"{one.gets:,.0f}, {one.lists:,.0f}",
        f"{one.received / 1e6:.2f} MB",
        f"{one.scrape_size / 1e6:.2f} MB, {one.scrape_seconds:.1f} s",
        f"{one.block * 1000:.0f} ms",
        f"{one.healthz * 1000:.0f} ms",
        f"{one.delay:.0f} s",
        f"{one.first_cpu:.0f} CPU s, {one.first_seconds:.0f} s, {one.first_pss // MEBI} MiB",
        _restart(one),
    )


def _times_all(one: Result) -> float:
    """CPU over that of one bare request for each task."""
    return one.times_bare * (one.gets + one.lists) / one.size


def _restart(one: Result) -> str:
    if one.restart_cpu is None or one.restart_seconds is None:
        return ""
    return f"{one.restart_cpu:.0f} CPU s, {one.restart_seconds:.0f} s"


def _sizing(results: Sequence[Result]) -> str:
    quiet = [one for one in results if one.mood == "quiet"]
    outage = [one for one in results if one.mood == "outage"]
    cpu, memory = _work(quiet, lambda one: one.cpu), _line(quiet, lambda one: one.pss / MEBI)
    gets, lists = _work(quiet, lambda one: one.gets), _work(quiet, lambda one: one.lists_a_day)
    fits = len({one.size for one in outage}) > 1
    failing = _work(outage, lambda one: one.cpu) if fits else None
    held = _line(outage, lambda one: one.pss / MEBI) if fits else None
    interval = quiet[0].interval
    rows = []
    for size in SIZES:
        gets_a_day = gets(size) * DAY / interval
        dollars = gets_a_day * GET_DOLLARS + lists(size) * LIST_DOLLARS
        cores = "" if failing is None else f"{failing(size) / interval:.2f}"
        rows.append(
            (
                f"{size:,}",
                f"{cpu(size):.2f} s",
                f"{cpu(size) / interval:.3f}",
                cores,
                f"{memory(size):,.0f} MiB",
                "" if held is None else f"{held(size):,.0f} MiB",
                f"{gets_a_day:,.0f}",
                f"{lists(size):,.0f}",
                f"${dollars:,.2f}",
            )
        )
    head = ("tasks", "CPU a poll", "cores", "cores, everything fails", "memory")
    more = ("memory, everything fails", "GETs a day", "LISTs a day", "dollars a day")
    return _table((*head, *more), rows)


def _line(results: Sequence[Result], of: Callable[[Result], float]) -> Callable[[float], float]:
    """The line that is nearest to them, each weighed by its own size; never below nought."""
    xs, ys = [float(one.size) for one in results], [of(one) for one in results]
    weights = [1.0 / max(y, 1e-9) ** 2 for y in ys]
    total = sum(weights)
    x_mean = sum(w * x for w, x in zip(weights, xs, strict=True)) / total
    y_mean = sum(w * y for w, y in zip(weights, ys, strict=True)) / total
    spread = sum(w * (x - x_mean) ** 2 for w, x in zip(weights, xs, strict=True))
    both = zip(weights, xs, ys, strict=True)
    rise = sum(w * (x - x_mean) * (y - y_mean) for w, x, y in both) / spread
    return lambda size: max(0.0, y_mean + rise * (size - x_mean))


def _work(results: Sequence[Result], of: Callable[[Result], float]) -> Callable[[float], float]:
    """The same of what nothing costs nothing of: below the smallest measured, in proportion."""
    line, least = _line(results, of), min(results, key=lambda one: one.size)
    return lambda size: of(least) * size / least.size if size < least.size else line(size)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(_lines(head, rows))


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "| ---: " * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
