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
    for difference in comparison.different[:DIFFS]:
        yield f"=== {difference.output}"
        yield from difference.lines(LINES)
        yield ""
    rest = comparison.different[DIFFS:]
    for difference in rest[:NAMES]:
        yield f"=== {difference.output}: differs too"
    if len(rest) > NAMES:
        yield f"=== and {len(rest) - NAMES} more"


def agrees(comparison: Comparison, expected: Sequence[Expected], *, whole: bool) -> bool:
    """Whether nothing differs that isn't meant, and (of all recordings) all that is meant does."""
    return not comparison.different and not (whole and dead(comparison, expected))
