"""What is shown of an eval set beside its report, from what is remembered of it. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from watchdog.model.causes import cause_words
from watchdog.model.cluster import ClusterView, Pod, PodUsage
from watchdog.model.instants import timestamp
from watchdog.model.parts import (
    Attempt,
    EvalSetParts,
    Moment,
    MomentKind,
    OpenCallItem,
    PodRow,
    RunnerSaid,
    SampleStrip,
)
from watchdog.model.probe import ProbeResult
from watchdog.model.probe_reports import probe_report
from watchdog.model.report import EvalSetReport, IncidentReport, RunningSample
from watchdog.model.state import ClusterState, EvalSetState, PodDeath, SampleState, TaskState
from watchdog.model.texts import cut
from watchdog.model.verdict import STUCK_VERDICTS, Verdict

MOMENTS_MAX = 100
"""Moments that are told, the last ones."""
EVENTS_MAX = 50
"""Of the cluster's events."""
PODS_MAX = 100
STRIPS_MAX = 15
STRIPS_OF_TASK = 10
"""Of a task's samples so many have a strip."""
_TEXT_MAX = 300


def eval_set_parts(
    report: EvalSetReport,
    state: EvalSetState | None,
    incidents: Iterable[IncidentReport] = (),
    tests: Iterable[ProbeResult] = (),
) -> EvalSetParts:
    """All that is shown of an eval set beside its report.

    Args:
        report: as it is shown.
        state: what is remembered of it; None where that isn't at hand.
        incidents: open ones that it is in.
        tests: the newest direct API tests, of any model.
    """
    view = state.view if state is not None else None
    moments = sorted(_moments(report, state, incidents), key=lambda moment: moment.at)
    pods = tuple(islice(_pods(view), PODS_MAX)) if view is not None else None
    models = {*report.models, *(task.model for task in report.tasks)}
    return EvalSetParts(
        timeline=tuple(moments[-MOMENTS_MAX:]),
        pods=pods if view is not None and "pods" in view.known else None,
        pods_at=timestamp(view.at) if view is not None else None,
        pods_in_all=len(view.runners) + len(view.sandboxes) if view is not None else 0,
        said=tuple(_said(state)) if state is not None else (),
        tests=tuple(probe_report(result, _TEXT_MAX) for result in tests if result.model in models),
        strips=tuple(_strips(report, state)) if state is not None else (),
    )


def _moments(
    report: EvalSetReport, state: EvalSetState | None, incidents: Iterable[IncidentReport]
) -> Iterator[Moment]:
    yield from _of_report(report)
    for incident in incidents:
        if incident.since is not None:
            text = f"incident ({incident.severity}): {cause_words(incident.cause)}"
            yield Moment(incident.since, "incident", text, lasts=True)
    if state is None:
        return
    yield from _of_tasks(state.tasks.values())
    yield from _of_runner(state)
    if state.cluster is not None:
        yield from _of_cluster(state.cluster)


def _of_report(report: EvalSetReport) -> Iterator[Moment]:
    stamps: tuple[tuple[str | None, MomentKind, str], ...] = (
        (report.started_at, "started", "started"),
        (report.runner_started_at, "runner_started", "its newest runner's Job was made"),
        (report.last_progress_at, "last_success", "last success"),
        (report.deleted_at, "ended", "it was deleted"),
    )
    for at, kind, text in stamps:
        if at is not None:
            yield Moment(at, kind, text)
    if report.stuck_since is not None:
        is_stuck = report.verdict in STUCK_VERDICTS
        text = "stuck since then" if is_stuck else f"{report.verdict.value} since then"
        yield Moment(report.stuck_since, "stuck", text, lasts=True)


def _of_tasks(tasks: Iterable[TaskState]) -> Iterator[Moment]:
    for task in tasks:
        name = task.spec.task if task.spec is not None else task.log
        created = task.spec.created_at if task.spec is not None else None
        if task.attempts > 1:
            yield from _moment(created, "attempt", f"{name}: attempt {task.attempts} began")
        if task.status not in {None, "started"}:
            yield from _moment(task.completed_at, "ended", f"{name}: ended ({task.status})")


def _of_runner(state: EvalSetState) -> Iterator[Moment]:
    for at, text in state.restarts:
        yield from _moment(at, "restart", text)
    for failures in state.write_failures.values():
        text = f"its log could not be written: {failures.error}"
        yield from _moment(
            failures.first_at, "write_failed", text, failures.last_at, failures.count
        )
    for pod, words in state.runner_words.items():
        if words.again_at is not None:
            text = f"{pod}: began all unfinished tasks anew"
            yield from _moment(words.again_at, "attempt", text, None, words.again)


def _of_cluster(cluster: ClusterState) -> Iterator[Moment]:
    for death in (*cluster.deaths, *cluster.replaced):
        kind: MomentKind = "pod_replaced" if death.reason == "replaced" else "pod_death"
        yield from _moment(death.at, kind, _death(death))
    for event in cluster.view.events[-EVENTS_MAX:]:
        text = f"{event.object}: {event.reason}: {event.message}"
        first = event.first_at if event.first_at is not None else event.at
        yield from _moment(first, "pod_event", text, event.at, event.count)


def _death(death: PodDeath) -> str:
    code = f", exit code {death.exit_code}" if death.exit_code is not None else ""
    return f"{death.role} {death.pod}, container {death.container}: {death.reason}{code}"


def _moment(
    at: float | None, kind: MomentKind, text: str, until: float | None = None, count: int = 1
) -> Iterator[Moment]:
    """None of what no instant is known."""
    stamp = timestamp(at)
    if stamp is not None:
        end = timestamp(until) if until is not None and until != at else None
        yield Moment(stamp, kind, cut(text, _TEXT_MAX), end, count=count)


def _pods(view: ClusterView) -> Iterator[PodRow]:
    usage = {(one.namespace, one.name): one for one in view.usage}
    for pod in view.runners:
        yield _pod(pod, "runner", usage)
    for pod in sorted(view.sandboxes, key=_is_well):
        yield _pod(pod, "sandbox", usage)


def _is_well(pod: Pod) -> bool:
    return pod.ready and not _trouble(pod)


def _pod(pod: Pod, role: str, usage: Mapping[tuple[str, str], PodUsage]) -> PodRow:
    used = usage.get((pod.namespace, pod.name))
    return PodRow(
        namespace=pod.namespace,
        name=pod.name,
        role="runner" if role == "runner" else "sandbox",
        phase=pod.phase,
        state=_trouble(pod),
        ready=pod.ready,
        restarts=sum(container.restarts for container in pod.containers),
        node=pod.node,
        created_at=timestamp(pod.created_at),
        sample_id=pod.sample_id,
        cores=used.cores if used is not None else None,
        memory=round(used.memory) if used is not None and used.memory is not None else None,
    )


def _trouble(pod: Pod) -> str:
    """What is not as it should be, in Kubernetes' own words."""
    words = [pod.reason, "Terminating" if pod.deleting_at is not None else ""]
    words += ["Unschedulable" if pod.unschedulable else "", pod.disrupted]
    for container in pod.containers:
        words.append(container.waiting)
        ended = container.terminated or container.last_terminated
        if ended is not None and ended.exit_code:
            words.append(ended.reason or f"exit code {ended.exit_code}")
    return ", ".join(dict.fromkeys(word for word in words if word))


def _said(state: EvalSetState) -> Iterator[RunnerSaid]:
    for pod, words in state.runner_words.items():
        if words.error:
            yield RunnerSaid(timestamp(words.error_at), pod, words.error)
    for one in state.throughput.values():
        text = (
            f"{one.model}: {one.output_tokens_per_second:g} output tokens/s, "
            f"{one.requests_per_minute:g} requests/min, {one.retries_per_minute:g} retries/min, "
            f"{one.in_backoff} in back-off"
        )
        yield RunnerSaid(timestamp(one.at), "", text)
    if state.last_log_line_at is not None:
        yield RunnerSaid(timestamp(state.last_log_line_at), "", "its log's last line")


def _strips(report: EvalSetReport, state: EvalSetState) -> Iterator[SampleStrip]:
    tasks = {task.task_id: task for task in state.tasks.values()}
    pairs = ((task.running, tasks.get(task.task_id)) for task in report.tasks)
    strips = (strip for running, task in pairs for strip in _of_task(running, task))
    return islice(strips, STRIPS_MAX)


def _of_task(running: Iterable[RunningSample], task: TaskState | None) -> Iterator[SampleStrip]:
    if task is None:
        return
    first = sorted(running, key=_longest_stuck)[:STRIPS_OF_TASK]
    states = {(key.id, key.epoch): sample for key, sample in task.samples.items()} if first else {}
    for sample in first:
        one = states.get((sample.id, sample.epoch))
        if one is not None:
            yield _strip(task.task_id, sample, one)


def _longest_stuck(sample: RunningSample) -> tuple[bool, bool, float]:
    is_stuck = sample.verdict in STUCK_VERDICTS
    return not is_stuck, sample.verdict is Verdict.PROGRESSING, -sample.stuck_seconds


def _strip(task_id: str, sample: RunningSample, state: SampleState) -> SampleStrip:
    attempts = tuple(
        Attempt(timestamp(one.at), one.ok, one.cause, timestamp(one.began)) for one in state.recent
    )
    pending = tuple(
        OpenCallItem(call.kind, call.name, timestamp(call.since)) for call in state.open_calls
    )
    failed = attempts[-1].at if attempts and not attempts[-1].ok else None
    waits = sample.wait_seconds is not None and not pending
    return SampleStrip(
        task_id=task_id,
        id=sample.id,
        epoch=sample.epoch,
        attempts=attempts,
        pending=pending,
        wait_since=failed if waits else None,
        wait_seconds=sample.wait_seconds if waits else None,
    )
