"""The rights in the cluster, one by one, as the API server itself judges them."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from watchdog.collect.kubernetes.connection import Connection
from watchdog.collect.kubernetes.errors import UNFIT, ApiError
from watchdog.collect.kubernetes.resources import (
    EVENTS,
    JOBS,
    NAMESPACES,
    NODES,
    POD_LOG,
    PODS,
    USAGE,
    WORKLOADS,
    ListQuery,
    Resource,
    review,
)
from watchdog.config.kubernetes import Kubernetes
from watchdog.errors import ConfigError
from watchdog.model.command import fill
from watchdog.model.texts import clean
from watchdog.pipeline.doctor.finding import Finding, Patient, Status
from watchdog.pipeline.targets import wants_cluster
from watchdog.threads import Pool

CHECK = "cluster"
NAMESPACES_MAX = 20
"""Of so many the rights are asked for, one namespace after the other."""
ANSWER_MAX = 65_536
SECONDS = 50.0
NEEDED = (PODS, EVENTS, POD_LOG, JOBS)
OPTIONAL = {
    WORKLOADS: "why Kueue lets a Job wait can't be told",
    USAGE: "a frozen runner can't be told from a quiet one by its CPU use",
    NODES: "a node that is NotReady is told by events alone",
}
"""What is lost without each."""


class Verdict(Struct):
    """What the API server says."""

    allowed: bool = False


class Answer(Struct):
    """Its answer to one question."""

    status: Verdict = msgspec.field(default_factory=Verdict)


async def examine(patient: Patient) -> Sequence[Finding]:
    """Ask the API server for each verb of each resource."""
    settings = patient.settings
    if not wants_cluster(settings):
        why = "No cluster is watched."
        return (Finding(CHECK, "cluster", "skipped", why),)
    # credentials may come from a program, and each request may take its time
    return await Pool("doctor-cluster", 1, SECONDS).run(
        look, settings.kubernetes, rights(settings.kubernetes), CHECK
    )


def rights(settings: Kubernetes) -> Iterator[ListQuery]:
    """What the settings need, as the cluster's source asks for it."""
    places = settings.namespaces[:NAMESPACES_MAX] or ("",)
    for resource in (*_needed(settings), WORKLOADS, USAGE):
        for namespace in places:
            yield ListQuery(resource, namespace)
    for name in places:
        yield ListQuery(NAMESPACES, name=name)
    if not settings.namespaces:
        yield ListQuery(NODES)


def _needed(settings: Kubernetes) -> Iterator[Resource]:
    return (resource for resource in NEEDED if resource is not POD_LOG or settings.logs)


def look(settings: Kubernetes, asked: Iterable[ListQuery], check: str) -> Sequence[Finding]:
    """Which of the rights there are. Blocks."""
    try:
        connection = Connection(settings)
    except ConfigError as error:
        action = "Set kubernetes.kubeconfig, or run in a pod."
        return (Finding(check, "API server", "failed", f"No credentials: {error}.", action),)
    try:
        return _ask_all(connection, asked, check)
    finally:
        connection.close()


def _ask_all(connection: Connection, asked: Iterable[ListQuery], check: str) -> Sequence[Finding]:
    found: list[Finding] = []
    for right in asked:
        try:
            missing = [
                verb for verb in right.resource.verbs if not allowed(connection, right, verb)
            ]
        except ApiError as error:
            found.append(_unanswered(error, check))
            break
        found.append(_judged(right, missing, check))
    return found


# learned before threads are there: msgspec's first use of a type by two at once ends the process
_answer = msgspec.json.Decoder(Answer).decode


def allowed(connection: Connection, right: ListQuery, verb: str) -> bool:
    """Whether the API server would let us.

    Raises:
        ApiError: it doesn't say.
    """
    query = review(right, verb)
    reply = connection.get(query, ANSWER_MAX)
    try:
        return _answer(reply.body).status.allowed
    except UNFIT:
        raise ApiError("other", reply.status, f"{query.what}: no answer of its kind") from None


def _unanswered(error: ApiError, check: str) -> Finding:
    status: Status = "unknown" if error.reason in {"timeout", "too_many_requests"} else "failed"
    sentence = f"The API server doesn't say what is allowed: {clean(error.text, 300)}."
    action = "See whether it answers: `kubectl auth can-i --list`"
    return Finding(check, "API server", status, sentence, action)


def _judged(right: ListQuery, missing: Sequence[str], check: str) -> Finding:
    place = "" if right.namespace or right.name else " in the whole cluster"
    about = f"{right.what}{place}"
    if not missing:
        return Finding(check, about, "ok", f"{_list(right.resource.verbs)} allowed.")
    lost = OPTIONAL.get(right.resource)
    sentence = f"{_list(missing)} not allowed{f': {lost}' if lost else ''}."
    command = _can_i(right, missing[0])
    rule = right.rule
    action = f"{rule[:1].upper()}{rule[1:]}, as the chart does; then see: {command}"
    return Finding(check, about, "warning" if lost else "failed", sentence, action)


def _can_i(right: ListQuery, verb: str) -> str:
    plural, _, sub = right.resource.plural.partition("/")
    group = f".{right.resource.group}" if "." in right.resource.group else ""
    scope = "--namespace={namespace}" if right.namespace else "--all-namespaces"
    words = ["{resource}/{name}" if right.name else "{resource}"]
    words += ["--subresource={sub}"] if sub else []
    words += [scope] if right.namespace or not right.name else []
    values = {"verb": verb, "resource": f"{plural}{group}", "sub": sub}
    values |= {"namespace": right.namespace, "name": right.name}
    template = f"`kubectl auth can-i {{verb}} {' '.join(words)}`"
    return fill(template, {f"{{{key}}}": value for key, value in values.items()})


def _list(verbs: Sequence[str]) -> str:
    return f"{', '.join(verbs)} {'is' if len(verbs) == 1 else 'are'}"
