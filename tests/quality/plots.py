"""The two plots of docs/quality.md."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot

from tests.quality.summary import Summary

_COLUMNS = 4

mpl.use("svg")
mpl.rcParams.update({"svg.hashsalt": "quality", "svg.fonttype": "none", "font.size": 9})


def delays(summaries: Mapping[str, Summary], file: Path) -> None:
    """Delay against false pages: the watchdog's settings beside the best of all fixed rules."""
    rows = math.ceil(len(summaries) / _COLUMNS)
    figure, axes = pyplot.subplots(rows, _COLUMNS, figsize=(3 * _COLUMNS, 3.2 * rows))
    for axis, (name, found) in zip(axes.flat, summaries.items(), strict=False):
        rules = [rule for rule in found.rules.values() if rule.false.weekly < 30]
        axis.plot(
            [_shown(r.false.weekly) for r in rules], [r.delay / 60 for r in rules], ".", color="0.8"
        )
        frontier = found.frontier()
        axis.step(
            [_shown(weekly) for weekly, _ in frontier],
            [delay / 60 for _, delay in frontier],
            where="post",
            color="0.4",
            label="best fixed rule",
        )
        ours = sorted(found.detector.values(), key=lambda point: point.false.weekly)
        axis.plot(
            [_shown(p.false.weekly) for p in ours],
            [p.delay / 60 for p in ours],
            "o-",
            color="C3",
            label="watchdog",
        )
        axis.set(xscale="log", yscale="log", title=name, xlabel="false pages a week")
        axis.set_xlim(0.08, 40)
        axis.set_ylim(3, 600)
        axis.set_yticks([5, 10, 20, 30, 60, 120, 300], ["5", "10", "20", "30", "60", "120", "300"])
    for axis in axes[:, 0]:
        axis.set_ylabel("median delay, minutes")
    axes.flat[0].legend(frameon=False, fontsize=8)
    _save(figure, file)


def calibration(summaries: Mapping[str, Summary], file: Path) -> None:
    """False pages measured against false pages tolerated."""
    figure, axis = pyplot.subplots(figsize=(6, 3.4))
    for number, (name, found) in enumerate(summaries.items()):
        shift = 1.06 ** (number - (len(summaries) - 1) / 2)
        knobs = sorted(found.detector)
        rates = [found.detector[knob].all_false for knob in knobs]
        middle = [_shown(rate.weekly) for rate in rates]
        low = [m - _shown(rate.interval[0]) for m, rate in zip(middle, rates, strict=True)]
        high = [rate.interval[1] - m for m, rate in zip(middle, rates, strict=True)]
        places = [knob * shift for knob in knobs]
        axis.errorbar(places, middle, [low, high], fmt="o", capsize=3, label=name)
    axis.plot([0.3, 8], [0.3, 8], color="0.5", lw=1)
    axis.set(
        xscale="log", yscale="log", xlabel="tolerated a week", ylabel="measured, 95 % interval"
    )
    knobs = sorted({knob for found in summaries.values() for knob in found.detector})
    axis.set_xticks(knobs, [f"{knob:g}" for knob in knobs])
    axis.set_xticks([], minor=True)
    axis.legend(frameon=False, fontsize=8, bbox_to_anchor=(1, 1))
    _save(figure, file)


def _shown(weekly: float) -> float:
    """None at all is shown at the left or lower edge: the scale is logarithmic."""
    return max(weekly, 0.1)


def _save(figure: pyplot.Figure, file: Path) -> None:
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
