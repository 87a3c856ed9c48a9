"""Folds facts into states while the event loop turns: what is large in a thread, in order.

Facts of one eval set are folded in the order in which they come: while a large one is folded, those
that come after it wait. States are values, so whoever reads them meanwhile has those before.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from watchdog.fold import OF_ONE_LOG, fold, fold_rows_of
from watchdog.fold.drafts import draft, finished, rest
from watchdog.model.facts import EndedRead, Fact, ManifestRead, RowsLost, RowsRead, TaskRead
from watchdog.model.state import EvalSetState
from watchdog.pipeline.resumption import is_quiet

APART = 2_000
"""Samples, in a fact and in what is known of its log; more are folded in a thread."""
TOGETHER = 500
"""Rows that are folded at once: some milliseconds. An error's text counts as well (`weight`)."""
ROW_CHARACTERS = 100
"""Of an error that take as long as a row: its cause is looked for in them."""
SLICE = 0.02
"""Seconds of work in one turn of the loop."""


class _Rows:
    """Facts about rows of one log that are folded at once, as each time its samples are copied."""

    def __init__(self) -> None:
        self.facts: list[RowsRead | RowsLost] = []
        self.count = 0

    def add(self, fact: RowsRead | RowsLost) -> None:
        self.facts.append(fact)
        self.count += weight(fact)


class Folding:
    """The states of one source. `begin` makes the first state of an eval set."""

    def __init__(self, begin: Callable[[str], EvalSetState]) -> None:
        self._begin = begin
        self.states: dict[str, EvalSetState] = {}
        """As they were published last."""
        self._drafts: dict[str, EvalSetState] = {}
        self._first: dict[str, EvalSetState] = {}
        """Of those of which nothing is folded yet: what an earlier life left is handed out once."""
        self.changed: set[str] = set()
        """Eval sets of which something was folded that a restart would have to read again."""
        self._waiting: dict[str, deque[Fact]] = {}
        self._rows: dict[str, dict[str, _Rows]] = {}
        """By eval set and log."""
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, fact: Fact) -> None:
        """Fold a fact: now or soon, or after those that are under way."""
        name = fact.eval_set_id
        if name in self._waiting:
            self._waiting[name].append(fact)
        elif is_large(self._state(name), fact):
            self._waiting[name] = deque([fact])
            task = asyncio.create_task(self._fold_all(name))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._fold(name, fact)

    async def settle(self) -> None:
        """Wait until all is folded."""
        while self._tasks:
            await asyncio.gather(*self._tasks)
        began = time.perf_counter()
        for name in (*self._rows, *self._drafts):
            self._flush(name)
            self._publish(name)
            if time.perf_counter() - began > SLICE:
                await asyncio.sleep(0)
                began = time.perf_counter()
        self._first = {n: state for n, state in self._first.items() if n not in self.states}

    def publish(self) -> None:
        """What was folded so far, as states; rows that are still being gathered come later."""
        for name in tuple(self._drafts):
            self._publish(name)

    def _publish(self, name: str) -> None:
        state = self._drafts.pop(name, None)
        if state is not None:
            self.states[name] = finished(state)

    async def _fold_all(self, name: str) -> None:
        facts = self._waiting[name]
        began = time.perf_counter()
        try:
            while facts:
                fact = facts.popleft()
                if is_large(self._state(name), fact):
                    self._flush(name)
                    # a value: nothing may be changed in place in another thread
                    state = finished(self._state(name))
                    self.changed.add(name)
                    self._drafts[name] = await asyncio.to_thread(fold, state, fact)
                else:
                    self._fold(name, fact)
                if time.perf_counter() - began > SLICE:
                    await asyncio.sleep(0)
                    began = time.perf_counter()
        finally:
            del self._waiting[name]

    def _fold(self, name: str, fact: Fact) -> None:
        if isinstance(fact, RowsRead | RowsLost):
            rows = self._rows.get(name, {}).get(fact.log)
            if rows is not None and rows.count >= TOGETHER:
                self._flush(name, fact.log)
            self._rows.setdefault(name, {}).setdefault(fact.log, _Rows()).add(fact)
            return
        self._flush(name, _only_log(fact))
        before = self._state(name)
        after = fold(draft(before), fact)
        self._drafts[name] = rest(after, fact.log) if isinstance(fact, TaskRead) else after
        if name not in self.changed and not is_quiet(fact, before, after):
            self.changed.add(name)

    def _flush(self, name: str, log: str | None = None) -> None:
        """Fold the rows of an eval set that were gathered; of one log where one is given."""
        by_log = self._rows.get(name, {})
        for each in (log,) if log is not None else tuple(by_log):
            rows = by_log.pop(each, None)
            if rows is not None:
                state = draft(self._state(name))
                self.changed.add(name)
                self._drafts[name] = fold_rows_of(state, each, rows.facts)
        if not by_log:
            self._rows.pop(name, None)

    def _state(self, name: str) -> EvalSetState:
        state = self._drafts.get(name) or self.states.get(name)
        if state is not None:
            return state
        if name not in self._first:
            self._first[name] = self._begin(name)
        return self._first[name]


def _only_log(fact: Fact) -> str | None:
    """The log that a fact is about; None for one about the eval set, or about what others hold."""
    return fact.log if isinstance(fact, OF_ONE_LOG) else None  # type: ignore[union-attr]


def is_large(state: EvalSetState, fact: Fact) -> bool:
    """Whether folding it would hold the loop: its rows, or all samples of the log, are many."""
    if isinstance(fact, RowsRead):
        return weight(fact) > 2 * TOGETHER
    if not isinstance(fact, ManifestRead | EndedRead):
        return False
    task = state.tasks.get(fact.log)
    known = len(task.ended) + len(task.samples) if task is not None else 0
    return known + len(fact.samples) > APART


def weight(fact: RowsRead | RowsLost) -> int:
    """How long it takes to fold it, in rows."""
    if isinstance(fact, RowsLost):
        return 1
    characters = sum(len(row.error) for row in fact.rows if row.error is not None)
    return 1 + len(fact.rows) + characters // ROW_CHARACTERS
