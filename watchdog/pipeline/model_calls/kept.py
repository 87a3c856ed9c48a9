"""What a next life of the service needs to go on counting, as a text. Pure."""

import base64
import math
from collections.abc import Iterator

import msgspec
import zstandard
from msgspec import Struct

from watchdog.model.histogram import BINS, Histogram
from watchdog.packing import compressed, decompressed
from watchdog.pipeline.model_calls.minutes import Minutes
from watchdog.pipeline.model_calls.one_model import SLOTS, OneModel
from watchdog.pipeline.model_calls.watch import MODELS_MAX, NAME_MAX, ModelWatch

VERSION = 1
TEXT_MAX = 4 * 1024 * 1024
"""Characters; more is damage."""


class _Ring(Struct, frozen=True):
    data: bytes
    newest: int


class _Model(Struct, frozen=True):
    ok: _Ring
    failed: _Ring
    took: dict[int, Histogram]
    last_ok_at: float | None
    last_failed_at: float | None


class _Kept(Struct, frozen=True):
    version: int
    until: float | None
    watched: _Ring
    models: dict[str, _Model]


_decode = msgspec.msgpack.Decoder(_Kept).decode


def encoded(watch: ModelWatch) -> str:
    """All that counts; not how many samples call a model now, which the first poll tells."""
    models = {
        name: _Model(_ring(one.ok), _ring(one.failed), one.took, one.last_ok_at, one.last_failed_at)
        for name, one in watch.models.items()
    }
    record = _Kept(VERSION, watch.until, _ring(watch.watched), models)
    return base64.b64encode(compressed(msgspec.msgpack.encode(record))).decode()


def decoded(text: str, now: float) -> ModelWatch:
    """A watch that goes on with it; a clock that was set back doesn't keep it from counting.

    Raises:
        ValueError: it is damaged, or of another version.
    """
    if len(text) > TEXT_MAX:
        raise ValueError(f"{len(text):,} characters")
    try:
        kept = _decode(decompressed(base64.b64decode(text, validate=True)))
    except (ValueError, MemoryError, RecursionError, zstandard.ZstdError) as error:
        raise ValueError(f"not readable: {error}") from error
    why = next(_faults(kept), None)
    if why is not None:
        raise ValueError(why)
    until = None if kept.until is None else min(kept.until, now)
    models = {name: _model(one) for name, one in kept.models.items()}
    return ModelWatch(models, Minutes("B", kept.watched.data, kept.watched.newest), until)


def _ring(minutes: Minutes) -> _Ring:
    return _Ring(minutes.kept(), minutes.newest)


def _model(kept: _Model) -> OneModel:
    made = OneModel(
        Minutes("I", kept.ok.data, kept.ok.newest),
        Minutes("I", kept.failed.data, kept.failed.newest),
        kept.took,
    )
    made.last_ok_at, made.last_failed_at = kept.last_ok_at, kept.last_failed_at
    return made


def _faults(kept: _Kept) -> Iterator[str]:
    if kept.version != VERSION:
        yield f"version {kept.version}, not {VERSION}"
    instants = [kept.until, *(m.last_ok_at for m in kept.models.values())]
    instants += [m.last_failed_at for m in kept.models.values()]
    if any(at is not None and not math.isfinite(at) for at in instants):
        yield "an instant that is none"
    if len(kept.models) > MODELS_MAX or any(len(name) > NAME_MAX for name in kept.models):
        yield f"{len(kept.models)} models"
    for one in kept.models.values():
        if len(one.took) > SLOTS or not all(map(_is_sound, one.took.values())):
            yield "durations"


def _is_sound(histogram: Histogram) -> bool:
    counts = histogram.counts
    in_range = all(0 <= n < BINS and c >= 0 and math.isfinite(c) for n, c in counts.items())
    return in_range and math.isclose(sum(counts.values()), histogram.total)
