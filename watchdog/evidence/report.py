"""Writes the report for people into a bundle: judged, tested directly, measured, in words."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from watchdog import __version__
from watchdog.collect.inspect.failing_request import RequestUnreadable, failing_request
from watchdog.collect.limits import MEMBER_BYTES
from watchdog.collect.place import Place
from watchdog.collect.probes.reproduce import reproductions
from watchdog.collect.probes.tester import LEAST_TOKENS
from watchdog.collect.status_pages.reader import StatusPages
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.config.settings import Settings
from watchdog.correlate.incidents import Findings
from watchdog.evidence.report_text import About, Request, escalation, incidents_of
from watchdog.model.facts import SampleKey
from watchdog.model.instants import timestamp
from watchdog.model.probe import ProbeResult, Reproduction, Size
from watchdog.model.providers import provider_of
from watchdog.model.report import Report, RunningSample, Snapshot, TaskReport
from watchdog.model.state import EvalSetState
from watchdog.model.status_page import StatusPageIncident
from watchdog.model.verdict import STUCK_VERDICTS
from watchdog.pipeline.once import judge_once
from watchdog.pipeline.probe import probe
from watchdog.pipeline.source_state import all_states
from watchdog.pipeline.targets import feeds, read_targets
from watchdog.redaction import Secrets
from watchdog.surfaces.schema import encode_report

REQUESTS_MAX = 3
"""Failing requests that are measured, of the samples that are stuck the longest."""
REPORT = "report.md"
DATA = "report.json"


class Wanted(Struct, frozen=True):
    """What a bundle is to hold beside what is there."""

    content: bool = False
    """The texts of the failing requests."""
    tests: bool = True
    """Whether models are tested directly for it."""
    store: bool = True
    """The eval set's logs and buffers: all conversations."""
    live: Report | None = None
    """What the service says of it, which sees all eval sets; else the bundle is judged alone."""


async def write_report(
    staged: Path, settings: Settings, wanted: Wanted, notes: Sequence[str], secrets: Secrets
) -> None:
    """Write `report.md` and `report.json` into a bundle.

    Args:
        staged: the bundle.
        settings: thresholds, routes of the tests, status pages.
        wanted: what it is to hold.
        notes: what is and isn't in it.
        secrets: learns the keys that tests are made with.
    """
    (read,) = await read_targets([str(staged)], settings, None, 0.0)
    snapshot = judge_once(settings, read)
    requests = await _requests(staged, wanted.live or snapshot.report, wanted)
    if wanted.tests and wanted.live is None:
        sizes = _sizes(one for one in requests if isinstance(one, Request))
        findings = await _tested(snapshot, settings, read.as_of, sizes, secrets)
        snapshot = judge_once(settings, read, findings)
    report = wanted.live or snapshot.report
    if not report.eval_sets:
        return
    measured = tuple(one for one in requests if isinstance(one, Request))
    eval_set = report.eval_sets[0]
    (state,) = all_states(read.sources)
    about = About(
        report=eval_set,
        incidents=incidents_of(report.incidents, eval_set.eval_set_id),
        now=timestamp(read.as_of) or "",
        requests=measured,
        unread=tuple(one for one in requests if isinstance(one, str)),
        errors=_errors(state),
        cluster=state.view,
        reproductions=_reproductions(_models(snapshot, report), measured, settings),
        notes=tuple(notes),
        version=__version__,
    )
    (staged / REPORT).write_text(escalation(about), "utf-8")
    (staged / DATA).write_bytes(encode_report(report))


def _errors(state: EvalSetState) -> dict[tuple[str, str, int], str]:
    """The newest error of each running sample whose calls fail."""
    return {
        (task.log.rsplit("/", 1)[-1], key.id, key.epoch): sample.streak.error
        for task in state.tasks.values()
        for key, sample in task.samples.items()
        if sample.streak is not None
    }


async def _requests(staged: Path, report: Report, wanted: Wanted) -> tuple[Request | str, ...]:
    """The failing requests of some stuck samples, or why one could not be read."""
    requests: list[Request | str] = []
    store = DirectoryStore(staged / "store")
    for task, sample in list(_failing(report))[:REQUESTS_MAX]:
        name = f"{task.task}/{sample.id}/{sample.epoch}"
        place = Place(store, "", "", task.log, MEMBER_BYTES.value)
        try:
            request = await failing_request(place, SampleKey(sample.id, sample.epoch))
        except RequestUnreadable as error:
            requests.append(f"{name}: {error}")
            continue
        texts = request.texts if wanted.content else ()
        requests.append(Request(name, request.shape, texts))
    return tuple(requests)


def _failing(report: Report) -> Iterator[tuple[TaskReport, RunningSample]]:
    """Stuck samples whose model calls fail or hang, the longest stuck first."""
    stuck = [
        (task, sample)
        for eval_set in report.eval_sets
        for task in eval_set.tasks
        for sample in task.running
        if sample.verdict in STUCK_VERDICTS and _calls(sample)
    ]
    yield from sorted(stuck, key=lambda pair: -pair[1].stuck_seconds)


def _calls(sample: RunningSample) -> bool:
    hangs = sample.pending is not None and sample.pending.kind == "model"
    return sample.fail_streak > 0 or hangs


async def _tested(
    snapshot: Snapshot,
    settings: Settings,
    now: float,
    sizes: Mapping[str, int],
    secrets: Secrets,
) -> Findings:
    """Tests of every model that is asked for, and what status pages say of their providers."""
    models = _models(snapshot, snapshot.report)
    tests = (_test(model, sizes.get(model, 0), settings, now, secrets) for model in models)
    probed, incidents = await asyncio.gather(
        asyncio.gather(*tests), _outside({provider_of(model) for model in models}, settings, now)
    )
    return Findings(dict(zip(models, probed, strict=True)), incidents)


async def _outside(
    providers: set[str], settings: Settings, now: float
) -> tuple[StatusPageIncident, ...]:
    outside = StatusPages(feeds(settings))
    try:
        return await outside.about(providers, now)
    finally:
        await outside.aclose()


async def _test(
    model: str, tokens: int, settings: Settings, now: float, secrets: Secrets
) -> tuple[ProbeResult, ...]:
    if not settings.probes.enabled:
        return ()
    size: Size = "large" if tokens else "small"
    tokens = max(LEAST_TOKENS, tokens)
    probed = await probe(model, size, tokens, settings.probes, now, secrets.learn)
    return probed.conclusion.results


def _sizes(requests: Iterable[Request]) -> dict[str, int]:
    """Estimated input tokens of failing requests, by model."""
    return {one.shape.model: one.shape.estimated_tokens for one in requests}


def _models(snapshot: Snapshot, report: Report) -> list[str]:
    """The models whose calls fail or hang."""
    failing = (s.model for subjects in snapshot.subjects.values() for s in subjects)
    tested = (c.model for incident in report.incidents for c in incident.conclusions)
    return list(dict.fromkeys((*failing, *tested)))


def _reproductions(
    models: Iterable[str], requests: Sequence[Request], settings: Settings
) -> tuple[Reproduction, ...]:
    sizes = _sizes(requests)
    return tuple(
        replace(one, title=f"{model}: {one.title}")
        for model in models
        for one in reproductions(model, settings.probes, sizes.get(model, 0))
    )
