"""Two sides' outputs side by side: equal, different on purpose, or different."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

ABSENT = "(no such output)\n"
LONGEST = 500
"""Characters that are shown of one line."""


@dataclass(frozen=True)
class Expected:
    """A difference that is meant: what the earlier side says becomes what the later one says."""

    name: str
    reason: str
    pattern: str
    """A regular expression, over several lines where it says so; `^` and `$` are a line's ends."""
    replacement: str
    """What `re.sub` puts in its place."""
    outputs: str = "*"
    """Which outputs it concerns, as a shell pattern over their names."""
    masks: bool = False
    """Replaced on both sides: it may say something else there, and what is not looked at."""

    def applied(self, output: str, text: str) -> str:
        """What the earlier side's text of an output is to become."""
        if not fnmatchcase(output, self.outputs):
            return text
        return re.sub(self.pattern, self.replacement, text, flags=re.MULTILINE)


@dataclass(frozen=True)
class Difference:
    """An output that differs, beyond what is meant."""

    output: str
    before: str
    """With all that is meant replaced in it."""
    after: str

    def lines(self, limit: int) -> Iterator[str]:
        """A unified diff of at most so many lines."""
        diff = list(
            difflib.unified_diff(
                self.before.splitlines(),
                self.after.splitlines(),
                "before",
                "after",
                lineterm="",
                n=1,
            )
        )
        # line ends alone are no line of a diff
        for line in diff[:limit] or ["only line ends differ"]:
            yield line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
        if len(diff) > limit:
            yield f"… and {len(diff) - limit} more lines"


@dataclass(frozen=True)
class Comparison:
    """What became of every output."""

    equal: int
    on_purpose: int
    different: tuple[Difference, ...]
    counts: Mapping[str, int]
    """Outputs that a record of the meant ones made equal, by its name."""

    @property
    def outputs(self) -> int:
        """How many were compared."""
        return self.equal + self.on_purpose + len(self.different)


def compare(
    before: Mapping[str, str], after: Mapping[str, str], expected: Sequence[Expected]
) -> Comparison:
    """Compare texts of the same name; one that a side lacks is a difference."""
    equal, on_purpose, different = 0, 0, []
    counts = Counter({record.name: 0 for record in expected})
    for output in sorted({*before, *after}):
        earlier, later = before.get(output, ABSENT), after.get(output, ABSENT)
        if earlier == later:
            equal += 1
            continue
        meant, names = substituted(output, earlier, expected)
        later, _ = substituted(output, later, [record for record in expected if record.masks])
        if meant == later:
            on_purpose += 1
            counts.update(names)
        else:
            different.append(Difference(output, meant, later))
    return Comparison(equal, on_purpose, tuple(different), counts)


def substituted(output: str, text: str, expected: Sequence[Expected]) -> tuple[str, list[str]]:
    """The earlier side's text with all that is meant, and the records that changed it."""
    names = []
    for record in expected:
        changed = record.applied(output, text)
        if changed != text:
            names.append(record.name)
        text = changed
    return text, names


def dead(comparison: Comparison, expected: Sequence[Expected]) -> list[str]:
    """Names of records that made no output equal."""
    return [record.name for record in expected if not comparison.counts[record.name]]
