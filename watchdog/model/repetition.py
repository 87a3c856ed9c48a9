"""What is remembered of calls that succeed and change nothing. Bounded for each sample.

A sample's agents are told apart by their spans: what one repeats, another's work doesn't hide.
"""

from typing import NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

PERIODS = (1, 2, 3, 4)
"""So many turns may come round: a, b, a, b, …"""
THREADS_MAX = 16
"""Agents of a sample that are remembered; those that did something last stay."""
SPANS_MAX = 128
TOOLS_MAX = 4
"""Names that are kept of the tools in a run."""


_RUN = {"count": "c", "since": "s", "until": "u", "rests": "r", "kinds": "k", "others": "o"}
_THREAD = {
    "span": "s",
    "who": "w",
    "steps": "t",
    "cycles": "c",
    "answers": "a",
    "failing": "f",
    "turn": "n",
    "calling": "g",
    "answer": "e",
    "idle_from": "i",
    "pause": "p",
    "calls": "l",
    "spans": "k",
    "messages": "m",
    "sampled": "d",
    "until": "u",
    "active": "v",
}
"""How they are called where they are bytes."""


class Step(NamedTuple):
    """A turn: the calls of one answer with what came of them, or an answer without any."""

    digest: int
    tools: tuple[str, ...]
    """What was called, each once; none where nothing was."""
    since: float
    rested: bool = False
    """Whether much of it passed outside of model calls: in a tool that waits, or in a pause."""


class Run(Struct, frozen=True, gc=False, omit_defaults=True, rename=_RUN):
    """The same, or as bad, again and again without a break. The default is none."""

    count: int = 0
    """Turns that were like the one a period before; of bad answers and calls their number."""
    since: float = 0.0
    until: float = 0.0
    rests: int = 0
    """How many of its turns rested."""
    kinds: tuple[str, ...] = ()
    """Of bad answers what they are, of calls the tools, the newest last."""
    others: int = 0
    """What else came in between, and ended nothing."""

    @property
    def seconds(self) -> float:
        """From its beginning to the last of it."""
        return max(0.0, self.until - self.since)

    def moved(self, by: float) -> "Run":
        """The same in another clock's time."""
        return replace(self, since=self.since + by, until=self.until + by) if self.count else self


class Thread(Struct, frozen=True, gc=False, omit_defaults=True, rename=_THREAD):
    """What one agent, or one solver, did last with one model in one role."""

    span: str
    """Id of its span."""
    who: str = ""
    """Its model and role."""
    steps: tuple[Step, ...] = ()
    """The last few, oldest first."""
    cycles: tuple[Run, ...] = (Run(), Run(), Run(), Run())
    """By period."""
    answers: Run = Run()
    """Answers that are empty, refused or cut off."""
    failing: Run = Run()
    """Tool calls that all failed."""
    turn: Step | None = None
    """Its newest answer with what that called, as far as it has ended: in whatever order."""
    calling: bool = False
    """Whether its newest answer calls tools."""
    answer: str = ""
    """Its event's id."""
    idle_from: float = 0.0
    """When the last thing before it ended, whatever model of the span it was of."""
    pause: float = 0.0
    """Seconds from there until it was asked for."""
    calls: float = 0.0
    """Seconds of its tool calls, by their own word."""
    spans: float = 0.0
    """The same by their spans, without what a busy runner takes before and after."""
    messages: int = 0
    """Messages that its model was asked with last."""
    sampled: int = 0
    """Answers in a row to an input that neither grows nor repeats itself: drawn, not said."""
    until: float = 0.0
    """The end of the last that it did."""
    active: float = 0.0
    """The same of all models of its span."""


class OpenSpan(NamedTuple):
    """A span that began and didn't end, and whose it is."""

    id: str
    name: str
    key: str
    """Id of the span whose agent its events belong to."""
    outer: str
    """The same of the span that it lies within."""
    tool_since: float | None = None
    """When it began, where it is a tool's."""


class Repetition(Struct, frozen=True):
    """All of it. The default is nothing yet."""

    threads: tuple[Thread, ...] = ()
    """The one that did something last comes last."""
    spans: tuple[OpenSpan, ...] = ()

    def moved(self, by: float) -> "Repetition":
        """The same in another clock's time."""
        return replace(self, threads=tuple(_moved(thread, by) for thread in self.threads))


def _moved(thread: Thread, by: float) -> Thread:
    return replace(
        thread,
        steps=tuple(step._replace(since=step.since + by) for step in thread.steps),
        turn=thread.turn._replace(since=thread.turn.since + by) if thread.turn else None,
        cycles=tuple(run.moved(by) for run in thread.cycles),
        answers=thread.answers.moved(by),
        failing=thread.failing.moved(by),
        idle_from=thread.idle_from + by,
        until=thread.until + by,
        active=thread.active + by,
    )


class PackedRepetition(Struct, frozen=True, gc=False):
    """All of it as bytes, as most samples repeat nothing and are looked at seldom; a value."""

    data: bytes = b""

    @staticmethod
    def of(repetition: "Repetition | PackedRepetition") -> "PackedRepetition":
        """Packed; what is packed already stays as it is."""
        if isinstance(repetition, PackedRepetition):
            return repetition
        if not repetition.threads and not repetition.spans:
            return _NOTHING
        return PackedRepetition(_encode((repetition.threads, repetition.spans)))

    def unpacked(self) -> Repetition:
        """The record itself."""
        return Repetition(*_decode(self.data)) if self.data else Repetition()

    @property
    def threads(self) -> tuple[Thread, ...]:
        """The one that did something last comes last."""
        return self.unpacked().threads

    @property
    def spans(self) -> tuple[OpenSpan, ...]:
        """Those that are open."""
        return self.unpacked().spans

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PackedRepetition) and self.data == other.data:
            return True
        if isinstance(other, Repetition | PackedRepetition):
            return self.unpacked() == PackedRepetition.of(other).unpacked()
        return NotImplemented

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.unpacked())


_NOTHING = PackedRepetition()
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[tuple[Thread, ...], tuple[OpenSpan, ...]]).decode

_REST = 30.0
_REST_BESIDE = 10.0
_REST_SHARE = 0.1


def ended_turn(thread: Thread) -> Step | None:
    """A thread's newest turn, once it is over; None where there is none.

    It rested where its tools took 10 s by their spans, as what a busy runner takes before and
    after is not theirs; else for 30 s, or for 10 s and a tenth of it.
    """
    if thread.turn is None:
        return None
    tools = min(thread.spans, thread.calls) if thread.spans else thread.calls
    rest = thread.pause + tools
    beside = rest >= _REST_SHARE * (thread.until - thread.idle_from)
    rested = rest >= _REST or (rest >= _REST_BESIDE and (beside or thread.spans >= _REST_BESIDE))
    return thread.turn._replace(rested=rested)


class Cycle(Struct, frozen=True):
    """What comes round again and again in a thread."""

    steps: tuple[Step, ...]
    """One round."""
    count: int
    """Rounds."""
    run: Run
    waits: bool
    """Whether most rounds have a turn that rests: most likely it polls for something."""

    @property
    def is_patient(self) -> bool:
        """Whether there may be a good reason for it: it polls, or only words are exchanged."""
        return self.waits or not self.tools

    @property
    def tools(self) -> tuple[str, ...]:
        """What is called in a round, each once."""
        return tuple(dict.fromkeys(tool for step in self.steps for tool in step.tools))

    @property
    def name(self) -> str:
        """What it is learned together with: the tool of a round, or what it consists of."""
        tools = self.tools
        return tools[0] if len(tools) == 1 else SEVERAL if tools else ANSWER


ANSWER, SEVERAL, FAILING, NOTHING_SAID = "(answer)", "(several)", "(failing)", "(nothing)"
"""Names of what repeats, where that is no single tool."""


def cycles(thread: Thread) -> tuple[Cycle, ...]:
    """What goes round in a thread now, the shortest period first."""
    return tuple(
        _cycle(thread, period, run)
        for period, run in zip(PERIODS, thread.cycles, strict=True)
        if run.count
    )


def _cycle(thread: Thread, period: int, run: Run) -> Cycle:
    steps, count = thread.steps[-period:], run.count // period + 1
    waits = 2 * run.rests >= count
    return Cycle(steps, count, run, waits)


def is_drawn(thread: Thread, run: Run) -> bool:
    """Whether most answers of a run are to an input that neither grows nor repeats itself.

    A conversation grows; one of which only the last messages are sent repeats what came round.
    What does neither asks the same anew on purpose: votes, samples, attempts.
    """
    return 2 * thread.sampled > run.count
