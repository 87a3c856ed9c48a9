"""The whole report as compressed pieces, eval set by eval set: never all of its text at once.

Durations are as of the snapshot's instant. What changed least is still mostly a pending call's
duration, so it is encoded for each snapshot that somebody asks for: a microsecond a sample.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from watchdog.model.aged import aged
from watchdog.model.parts import EvalSetParts
from watchdog.model.report import EvalSetFigures, EvalSetReport, Report, Snapshot
from watchdog.surfaces.deflated import Deflater, Piece
from watchdog.surfaces.fleet.records import EvalSetDetail, EvalSetRow
from watchdog.surfaces.reduced import reduced
from watchdog.surfaces.schema import encode_report

PIECE = 512 * 1024
"""Bytes of a piece's text, and of the last eval set in it."""
_LIST = b'"eval_sets":['


def report_pieces(snapshot: Snapshot) -> Iterator[Piece]:
    """One JSON object, the same bytes as `encode_report` of all of it, with durations as of now."""
    deflate = Deflater().piece
    before, after = _around(snapshot.report)
    texts, size = [before], len(before)
    for place, figures in enumerate(figures_of(snapshot)):
        text = encode_report(aged(figures, snapshot.at).report)
        texts += (b"," if place else b"", text)
        size += len(text)
        if size >= PIECE:
            yield deflate(b"".join(texts))
            texts, size = [], 0
    yield deflate(b"".join((*texts, after)))


def figures_of(snapshot: Snapshot) -> Iterator[EvalSetFigures]:
    """The eval sets of a snapshot's report, with what is known beside it."""
    by_report = {id(figures.report): figures for figures in snapshot.figures}
    for report in snapshot.report.eval_sets:
        yield by_report.get(id(report)) or EvalSetFigures(report, ())


def reduced_report(snapshot: Snapshot, eval_set_id: str) -> Report | None:
    """What concerns one eval set, with its durations as of now; None where it is not there."""
    part = reduced(snapshot.report, eval_set_id)
    if part is None:
        return None
    by_report = {id(figures.report): figures for figures in snapshot.figures}
    figures = (by_report.get(id(one)) or EvalSetFigures(one, ()) for one in part.eval_sets)
    return replace(part, eval_sets=tuple(aged(one, snapshot.at).report for one in figures))


def aged_report(snapshot: Snapshot, eval_set_id: str) -> EvalSetReport | None:
    """One eval set, with its durations as of now; None where it is not there."""
    report = snapshot.watched.get(eval_set_id)
    if report is None:
        return None
    figures = next((one for one in snapshot.figures if one.report is report), None)
    return aged(figures or EvalSetFigures(report, ()), snapshot.at).report


def eval_set_pieces(snapshot: Snapshot, eval_set_id: str) -> Iterator[Piece]:
    """What concerns one eval set that is there."""
    part = reduced_report(snapshot, eval_set_id)
    if part is not None:
        yield Deflater().piece(encode_report(part))


def detail_pieces(snapshot: Snapshot, row: EvalSetRow, parts: EvalSetParts) -> Iterator[Piece]:
    """One eval set that is there, with its row, and what is shown beside its report."""
    part = reduced_report(snapshot, row.eval_set_id)
    if part is not None:
        (eval_set,) = part.eval_sets
        yield Deflater().piece(
            encode_report(
                EvalSetDetail(
                    part.now, row, eval_set, part.incidents, part.problems, part.sources, parts
                )
            )
        )


def _around(report: Report) -> tuple[bytes, bytes]:
    """What stands before the first eval set and behind the last."""
    bare = encode_report(replace(report, eval_sets=()))
    # nothing before that list is a text that others wrote
    place = bare.index(_LIST) + len(_LIST)
    return bare[:place], bare[place:]
