"""Objects of a cluster as discovery takes them: runners' Jobs and pods, sandboxes."""

from watchdog.collect.kubernetes.objects import Entry, Meta
from watchdog.model.cluster import Job, Pod

P = "inspect-ai.metr.org/"
KNOWN = frozenset({"pods", "jobs", "namespaces", "events"})


def meta(namespace: str, name: str, app="inspect-ai", part="runner", **labels) -> Meta:
    own = {f"{P}{key.replace('_', '-')}": value for key, value in labels.items()}
    named = {"app.kubernetes.io/name": app, "app.kubernetes.io/component": part}
    return Meta(namespace, name, labels={**named, **own})


def job(*args, **labels) -> Entry:
    about = meta(*args, **labels)
    return Entry(about, Job(about.namespace, about.name, "j"))


def pod(*args, **labels) -> Entry:
    about = meta(*args, **labels)
    return Entry(about, Pod(about.namespace, about.name, "p"))


def box(namespace: str, name: str, **labels) -> Entry:
    return pod(namespace, name, "agent-env", "sandbox", **labels)
