"""What a log's head says: its task's specification and status, from `start.json` or `header.json`.

Format: `EvalLog` and `EvalSpec`, inspect_ai 0.3.285 `log/_log.py`.
"""

import re
from itertools import islice
from typing import Any, cast, get_args

from msgspec import structs

from watchdog.collect.inspect.approval import approver_policies
from watchdog.collect.inspect.buffers import error_line
from watchdog.collect.inspect.connections import connections
from watchdog.collect.inspect.metadata import allowance
from watchdog.collect.json_bounds import fields_of
from watchdog.collect.limits import Beyond
from watchdog.collect.values import count, duration, instant, name, number, whole
from watchdog.model.facts import EndedRead, LogStatus, RoleModel, SpecRead, TaskSpec
from watchdog.model.inspect_versions import LOG_FORMAT

VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?!\d)", re.ASCII)
FIELDS = ("version", "status", "eval", "error", "stats")
"""What is read of a log's header, or of its start."""
STATUSES = frozenset(get_args(LogStatus))
ROLES_MAX = 32
CONNECTION_KEYS = ("max_connections", "adaptive_connections")


def header_read(
    content: bytes | bytearray, eval_set_id: str, log: str, *, begun: bool = False
) -> SpecRead:
    """The content of `header.json`; of `start.json`, which has no status, where it has `begun`.

    Raises:
        ValueError: it is no JSON, too large, or none that `spec_read` takes.
    """
    try:
        header = fields_of(content, FIELDS)
    except Beyond:
        raise
    except ValueError as error:
        raise ValueError(f"not JSON: {str(error)[:120]}") from error
    if begun:
        header = {"version": header.get("version"), "eval": header.get("eval"), "status": "started"}
    return spec_read(eval_set_id, log, header, fields(header.get("eval")))


def spec_read(eval_set_id: str, log: str, header: dict[str, Any], spec: dict[str, Any]) -> SpecRead:
    """What a log's header and specification say.

    Raises:
        ValueError: its format is newer than is known, or its status is none.
    """
    version = whole(header.get("version"))
    if version is not None and version > LOG_FORMAT:
        raise ValueError(
            f"a log of format {version}, written by a newer Inspect than is known here; the newest "
            f"format that can be read is {LOG_FORMAT}"
        )
    status = header.get("status")
    if not isinstance(status, str) or status not in STATUSES:
        raise ValueError(f"status {str(status)[:40]!r}")
    return SpecRead(
        eval_set_id,
        log,
        spec=task_spec(spec),
        status=cast("LogStatus", status),
        error=error_line(_text(fields(header.get("error")).get("message"))),
        completed_at=instant(fields(header.get("stats")).get("completed_at")),
    )


def uncounted(read: SpecRead, bad: tuple[str, ...]) -> SpecRead:
    """Where not all that ended is known, how many are due isn't: they would seem to be queued."""
    if not bad:
        return read
    return structs.replace(read, spec=structs.replace(read.spec, total_samples=None))


def closed(status: LogStatus, ends: EndedRead | None) -> EndedRead | None:
    """Of a cancelled run, the samples that did not get to their end were cancelled."""
    if ends is None or status != "cancelled":
        return ends
    samples = (
        one if one.completed else structs.replace(one, cancelled=True) for one in ends.samples
    )
    return structs.replace(ends, samples=tuple(samples))


def task_spec(spec: dict[str, Any]) -> TaskSpec:
    """An `EvalSpec` (`log/_log.py`) reduced to what is needed."""
    config = fields(spec.get("config"))
    generate = fields(spec.get("model_generate_config"))
    allowed, ignored = allowance(fields(spec.get("metadata")))
    version = _version(fields(spec.get("packages")).get("inspect_ai"))
    return TaskSpec(
        task=name(spec.get("task")) or "",
        task_id=name(spec.get("task_id")) or "",
        model=name(spec.get("model")) or "",
        created_at=instant(spec.get("created")),
        total_samples=total_samples(fields(spec.get("dataset")), config),
        max_samples=count(config.get("max_samples")),
        max_sandboxes=count(config.get("max_sandboxes")),
        connections=connections(generate, version),
        roles=_roles(fields(spec.get("model_roles")), version),
        max_retries=count(generate.get("max_retries")),
        retry_timeout=duration(generate.get("timeout")),
        time_limit=duration(config.get("time_limit")),
        working_limit=duration(config.get("working_limit")),
        waits_long=_waits_long(fields(spec.get("model_args")), generate),
        has_sandbox=spec.get("sandbox") is not None,
        eval_set_id=name(spec.get("eval_set_id")),
        allowance=allowed,
        ignored=ignored,
        inspect_version=version,
        message_limit=count(config.get("message_limit")),
        fail_on_error=_switch_or_bound(config.get("fail_on_error")),
        continue_on_fail=_switch(config.get("continue_on_fail")),
        run_id=name(spec.get("run_id")),
        approval=approver_policies(config.get("approval")),
    )


def _waits_long(model_args: dict[str, Any], generate: dict[str, Any]) -> bool:
    """Whether the usual time-out of a provider's client bounds no call of it.

    Source: inspect_ai 0.3.285, `model/_providers/openai.py`, `openai_responses.py`.
    """
    extra_body = fields(generate.get("extra_body"))
    asks = (model_args.get("background"), extra_body.get("background"))
    own = any(model_args.get(key) is not None for key in ("client_timeout", "timeout"))
    return own or any(map(bool, asks)) or generate.get("reasoning_mode") == "pro"


def _roles(roles: dict[str, Any], version: tuple[int, int, int] | None) -> tuple[RoleModel, ...]:
    """The models of `model_roles`; `{role: {"model", "config"}}`, at most `ROLES_MAX`."""
    models: dict[str, RoleModel] = {}
    for role in islice(roles.values(), ROLES_MAX):
        model, config = name(fields(role).get("model")), fields(fields(role).get("config"))
        own = any(config.get(key) is not None for key in CONNECTION_KEYS)
        if model:
            models[model] = RoleModel(model, connections(config, version) if own else None)
    return tuple(models.values())


def _version(value: object) -> tuple[int, int, int] | None:
    """The first three numbers of `0.3.285`, `0.3.286.dev4+g1a2b3c` and the like."""
    match = VERSION.match(value) if isinstance(value, str) else None
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _switch(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _switch_or_bound(value: object) -> bool | float | None:
    return value if isinstance(value, bool) else number(value)


def total_samples(dataset: dict[str, Any], config: dict[str, Any]) -> int | None:
    """Samples x epochs.

    `sample_ids` are those chosen by `limit` and `sample_id`; `samples` is the size of the whole
    data set, so that the limit is applied here where a log has no ids.
    """
    ids = dataset.get("sample_ids")
    given = count(dataset.get("samples"))
    samples = len(ids) if isinstance(ids, list) else _limited(given, config)
    epochs = count(config.get("epochs")) or 1
    return None if samples is None else count(samples * epochs)


def _limited(samples: int | None, config: dict[str, Any]) -> int | None:
    if samples is None:
        return None
    limit = config.get("limit")
    first, last = limit if isinstance(limit, list) and len(limit) == 2 else (0, limit)
    begin, end = whole(first) or 0, whole(last)
    return max(0, (samples if end is None else min(samples, end)) - begin)


def fields(value: object) -> dict[str, Any]:
    """An object's fields; none where it is no object."""
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
