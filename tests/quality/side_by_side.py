"""Agents side by side, by lot: in one of them a call hangs, or fails for ever; the others go on.

Rows and spans are as Inspect writes them for `collect()` (inspect_ai 0.3.285: `util/_collect.py`,
`agent/_run.py`, `model/_call_tools.py`): a span of type `task` for each, an agent's within, a
tool's around each of its calls; log lines come from any of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import Literal, get_args

from msgspec.structs import replace

from tests.quality.fleets import HOUR, Fleet, Lengths, Model
from tests.quality.itself import POLL, Heard, polled
from tests.quality.world import START, Sample, Weather
from watchdog.model.facts import (
    Fact,
    ManifestRead,
    Row,
    RowsRead,
    SampleKey,
    SampleSummary,
    TaskSpec,
)
from watchdog.model.verdict import Cause

LOG = "a.eval"
HOURS = 10.0
Wrong = Literal["model", "tool", "failing"]
CAUSES: dict[Wrong, Cause] = {
    "model": Cause.HUNG_MODEL_CALL,
    "tool": Cause.HUNG_TOOL_CALL,
    "failing": Cause.API_SERVER_ERROR,
}


class Team:
    """A sample with agents side by side."""

    def __init__(self, key: SampleKey, agents: list[Sample], random: Random, lines: float) -> None:
        self.key = key
        self.agents = agents
        self._random = random
        self._lines = lines
        """Seconds between two log lines, in the mean."""
        self._line_at = START
        self._count = 0
        self._begun = False

    @property
    def onset(self) -> float | None:
        """When one of its agents got stuck."""
        return next((a.onset for a in self.agents if a.onset is not None), None)

    def rows(self, now: float) -> list[Row]:
        """What it has written since the last time, numbered through."""
        rows = [] if self._begun else list(self._beginning())
        self._begun = True
        while (at := min(map(_next_at, self.agents))) <= now:
            rows += self._log_lines(at)
            agent = min(self.agents, key=_next_at)
            for row in agent.rows(at):
                rows += _spanned(row, agent.uuid)
        rows += self._log_lines(now)
        return [self._numbered(row) for row in rows]

    def _beginning(self) -> Iterator[Row]:
        yield _span("solvers", "solvers", self.key.id, None)
        yield _span("team", "solver", f"{self.key.id}-team", self.key.id)
        for number, agent in enumerate(self.agents, 1):
            task = f"{agent.uuid}-task"
            yield _span(f"task-{number}", "task", task, f"{self.key.id}-team")
            yield _span("worker", "agent", agent.uuid, task)

    def _log_lines(self, until: float) -> Iterator[Row]:
        while (at := self._line_at + self._random.expovariate(1 / self._lines)) <= until:
            self._line_at = at
            agent = self._random.choice(self.agents)
            yield Row(0, f"line-{at}", "logger", at, span_id=agent.uuid)

    def _numbered(self, row: Row) -> Row:
        self._count += 1
        return replace(row, id=self._count)


def side_by_side(number: int, *, sick: bool) -> Heard:
    """One eval set of a few samples, with two to four agents in each."""
    random = Random(f"side by side {number}")
    fleet = _fleet(random)
    teams = [_team(random, fleet, str(n)) for n in range(1, random.randint(1, 4) + 1)]
    wrong = get_args(Wrong)[number % 3]
    victim = random.choice(random.choice(teams).agents)
    if sick:
        error = "500" if wrong == "failing" else ""
        victim.trouble = (START + random.uniform(0.3, 3) * HOUR, math.inf, wrong, error)
    heard = Heard(None, frozenset({CAUSES[wrong]}))
    total = len(teams)
    spec = TaskSpec("team", "id", fleet.models[0].name, START, total, inspect_version=(0, 3, 285))

    def facts(before: float, now: float) -> Iterator[Fact]:
        if before == START:
            entries = (SampleSummary(team.key, f"u{team.key.id}", START) for team in teams)
            yield ManifestRead("set", LOG, tuple(entries))
        for team in teams:
            rows = team.rows(now)
            if rows:
                yield RowsRead("set", LOG, team.key, tuple(rows))
        heard.onset = victim.onset

    return polled(heard, {LOG: spec}, facts, HOURS)


def _fleet(random: Random) -> Fleet:
    typical = math.exp(random.uniform(math.log(5), math.log(120)))
    maker = random.choice(("openai", "anthropic", "google", "maker", "vllm"))
    model = Model(f"{maker}/model", 1, Lengths(typical, random.uniform(0.5, 0.9)), 0.01)
    tools = Lengths(math.exp(random.uniform(math.log(2), math.log(30))), random.uniform(0.8, 1.3))
    return Fleet("teams", 1, 4, 4, 1e6, (model,), tools, (), ())


def _team(random: Random, fleet: Fleet, name: str) -> Team:
    (model,), calm = fleet.models, Weather(random, (), 1.0, HOURS * HOUR)
    key = SampleKey(name, 1)
    agents = [
        Sample(key, f"{name}-{n}", model, START + n / 10, Random(random.random()), calm, fleet)
        for n in range(random.randint(2, 4))
    ]
    return Team(key, agents, Random(random.random()), random.uniform(POLL / 4, HOUR))


def _next_at(agent: Sample) -> float:
    return agent.next_row[0] if agent.next_row is not None else math.inf


def _span(name: str, kind: str, span: str, parent: str | None) -> Row:
    """Its beginning, which lies within itself."""
    return Row(
        0,
        f"begin-{span}",
        "span_begin",
        START,
        name=name,
        type=kind,
        span=span,
        span_id=span,
        parent_id=parent,
    )


def _spanned(row: Row, agent: str) -> Iterator[Row]:
    """Within its agent's span, and a tool's call between the ends of its own."""
    span = f"tool-{row.event_id}"
    if row.kind == "tool" and row.pending:
        yield replace(_span(row.name, "tool", span, agent), at=row.at)
    yield replace(row, span_id=agent)
    if row.kind == "tool" and row.final:
        ended_at = row.completed_at
        yield Row(0, f"end-{span}", "span_end", ended_at, span=span, span_id=span)
