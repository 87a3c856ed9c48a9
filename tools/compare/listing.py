"""What is told of a comparison."""

from collections.abc import Iterator, Sequence

from tools.compare.comparison import Comparison, Expected, dead

DIFFS = 12
LINES = 24
NAMES = 100


def listing(comparison: Comparison, expected: Sequence[Expected], *, whole: bool) -> Iterator[str]:
    """Differences first, then what is meant with its reason, then the counts."""
    yield from _differences(comparison)
    if expected:
        yield "different on purpose:"
    for record in expected:
        yield f"  {comparison.counts[record.name]:5}  {record.name}: {record.reason}"
    if whole:
        for name in dead(comparison, expected):
            yield f"nothing differs as expected under {name}: take the record out"
    yield (
        f"{comparison.outputs} outputs compared: {comparison.equal} equal, "
        f"{comparison.on_purpose} different on purpose, {len(comparison.different)} different"
    )


def _differences(comparison: Comparison) -> Iterator[str]:
    """Those that bring news in full, so that one change doesn't hide another."""
    told: set[str] = set()
    shown, rest = 0, []
    for difference in comparison.different:
        lines = list(difference.lines(LINES))
        news = {line.strip() for line in lines if line[:1] in "+-"} - told
        if shown == DIFFS or not news:
            rest.append(difference.output)
            continue
        yield from (f"=== {difference.output}", *lines, "")
        shown, told = shown + 1, told | news
    yield from (f"=== {output}: differs too" for output in rest[:NAMES])
    if len(rest) > NAMES:
        yield f"=== and {len(rest) - NAMES} more"


def agrees(comparison: Comparison, expected: Sequence[Expected], *, whole: bool) -> bool:
    """Whether nothing differs that isn't meant, and (of all recordings) all that is meant does."""
    return not comparison.different and not (whole and dead(comparison, expected))
