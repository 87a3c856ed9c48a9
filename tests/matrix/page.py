"""The page docs/compatibility.md, made of a run of the whole matrix."""

from __future__ import annotations

from collections.abc import Iterator

from tests.matrix.forms import Difference
from tests.matrix.judge import FACTS, Result
from tests.matrix.versions import NEWEST, VERSIONS, Version
from tests.paths import ROOT

PAGE = ROOT / "docs" / "compatibility.md"
COLUMNS = {"store": "object store", "database": "SQLite"}

INTRODUCTION = f"""\
# Which Inspect AI is read

Tested from {VERSIONS[0].number} to {NEWEST.number}, the newest. What a newer one writes is read
too, and said to be untested where it is met.

`make matrix` made this page: it runs one real evaluation on each of these releases, each in an
environment of its own with the dependencies of its time, under an accelerated clock, and asks
`watchdog check` after ten minutes, one hour and four. Of eight samples one gets a 500 at every
attempt (`fail`), one waits for an answer that never comes (`hang`), one for a tool that never
returns (`tool`), one goes on (`live`), and four complete. The command fails where anything else
is said. CI runs {{ci}}.
"""

FACTS_WORDS = """\
`fail` must be stuck after an hour, `hang` and `tool` after four, `live` never; counted must be what
ran and what completed, and the verdict be `partially_stuck`. Up to 0.3.170 the buffer doesn't hold
why an attempt failed (the runner's log does), so any cause of `fail` is right there.
"""

FORMS_WORDS = """\
What the evaluations wrote, where not all releases do it alike; between two neighbours of the list
above a change may have come with any release. *Source* is a file of Inspect's.
"""


def page(results: list[Result]) -> str:
    """The page's text."""
    ci = " and ".join(version.number for version in VERSIONS if version.ci)
    parts = [
        INTRODUCTION.format(ci=ci),
        "## What was said\n",
        FACTS_WORDS,
        "\n".join(_verdicts(results)) + "\n",
        "## How releases differ\n",
        FORMS_WORDS,
        "\n".join(_differences(results)) + "\n",
    ]
    return "\n".join(parts)


def _verdicts(results: list[Result]) -> Iterator[str]:
    yield _row("Inspect", "released", "why this one", "buffer", *FACTS)
    yield _row(*["---"] * (4 + len(FACTS)))
    for result in results:
        version = result.version
        facts = ["no" if result.faults.get(fact) else "yes" for fact in FACTS]
        about = (version.number, version.released.isoformat(), version.why)
        yield _row(*about, COLUMNS[result.form], *facts)


def _differences(results: list[Result]) -> Iterator[str]:
    yield _row("what", "releases", "is", "source")
    yield _row(*["---"] * 4)
    for what in {difference: None for result in results for difference in result.forms}:
        runs = list(_runs(results, what))
        if len(runs) > 1:
            yield from (_row(what.what, span, value, f"`{what.source}`") for span, value in runs)


def _runs(results: list[Result], what: Difference) -> Iterator[tuple[str, str]]:
    """Neighbouring releases that write the same, as one line."""
    group: list[Version] = []
    value = ""
    for version in VERSIONS:
        now = _value(results, version, what)
        if group and now != value:
            yield _span(group), value
            group = []
        group.append(version)
        value = now
    yield _span(group), value


def _value(results: list[Result], version: Version, what: Difference) -> str:
    """What a release writes, in whichever form of buffer tells it."""
    values = [r.forms[what] for r in results if r.version == version and what in r.forms]
    return " / ".join(dict.fromkeys(values))


def _span(group: list[Version]) -> str:
    first, last = group[0].number, group[-1].number
    return first if first == last else f"{first} to {last}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
