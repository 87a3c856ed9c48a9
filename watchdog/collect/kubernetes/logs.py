"""A pod's log, read in parts."""

from datetime import UTC, datetime

from watchdog.collect.kubernetes.api import Api
from watchdog.collect.kubernetes.errors import ApiError
from watchdog.collect.kubernetes.resources import POD_LOG, ListQuery

NOTHING_YET = (
    "is waiting to start",
    "previous terminated container",
    "is not available",
    "does not have a host assigned",
    "trying and failing to pull image",
)
"""What a 400 says where there is no log: the container has not run, or not before."""


def read_log(  # noqa: PLR0913 - what the API takes
    api: Api,
    namespace: str,
    pod: str,
    container: str,
    *,
    since_time: datetime | None,
    limit_bytes: int,
    previous: bool = False,
) -> bytes:
    """The log from `since_time` on, each line with its time, at most `limit_bytes` of it.

    The kubelet counts `since_time` in whole seconds, so lines of that second come again; the last
    line may be cut. Empty where the container has no log yet.

    Raises:
        ApiError: `not_found` where the pod is gone, or why it can't be read.
    """
    query = [("container", container), ("timestamps", "true"), ("limitBytes", str(limit_bytes))]
    if since_time is not None:
        query.append(("sinceTime", since_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")))
    if previous:
        query.append(("previous", "true"))
    try:
        return api.get(ListQuery(POD_LOG, namespace, pod, tuple(query), "*/*"), limit_bytes).body
    except ApiError as error:
        no_log = previous or any(text in error.text for text in NOTHING_YET)
        if error.status == 400 and no_log:
            return b""
        raise
