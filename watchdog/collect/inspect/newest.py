"""Which segments of a long buffer are read first: those with the newest rows of what runs."""

from msgspec import Struct

from watchdog.collect.inspect.buffers import Manifest

LONG = 64
"""Segments to be read beyond which the newest come first: fewer are read within a second."""
NEWEST = 16
"""Segments of each sample that are read first: its last twenty calls or so, as a rule."""
OLDEST = 2
"""And of its first: who took over the keyboard, and when its solvers began, stands there."""


class Gap(Struct, frozen=True):
    """The segments between a sample's oldest and its newest, neither included."""

    after: int
    before: int


class Choice(Struct, frozen=True):
    """What is read first of a buffer."""

    gaps: dict[str, Gap]
    """By the name of a sample's member: what is passed over of it."""
    passed_over: frozenset[int]
    """Segments that are wanted of no sample."""


def newest(manifest: Manifest, due: frozenset[int], *, begun: bool) -> Choice | None:
    """The choice, or None where all is read in order: it isn't long, or little would be saved.

    Args:
        manifest: the samples and their segments.
        due: the segments that are to be read.
        begun: whether rows of this buffer were read before: then their oldest are known.
    """
    if len(due) <= LONG:
        return None
    gaps: dict[str, Gap] = {}
    wanted: set[int] = set()
    for sample in manifest.samples:
        segments = [one.segment for one in sample.references if one.segment in due]
        first = 0 if begun else OLDEST
        if sample.summary.completed or not segments:
            continue
        if len(segments) <= first + NEWEST:
            wanted.update(segments)
            continue
        wanted.update(segments[:first], segments[-NEWEST:])
        gaps[sample.member] = Gap(segments[first - 1] if first else -1, segments[-NEWEST])
    if not gaps or 2 * len(wanted) > len(due):
        return None
    return Choice(gaps, due - wanted)
