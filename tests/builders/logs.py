"""Handmade logs and buffers, in the shapes that Inspect writes."""

import io
import json
from typing import Any

from backports.zstd import zipfile

LOG = "2026-11-23T15-44-37+00-00_mini_UyoxGrqbJKtth6e7U6nui7.eval"
TASK_ID = "UyoxGrqbJKtth6e7U6nui7"
BUFFER = f".buffer/{LOG.removesuffix('.eval')}"
MANIFEST = f"{BUFFER}/manifest.json"
AT = "2026-11-23T15:44:41+00:00"


def segment_path(number: int) -> str:
    return f"{BUFFER}/segment.{number}.zip"


def event(kind: str = "model", **fields: Any) -> dict[str, Any]:
    if kind == "model":
        fields = {"model": "openai/gpt-4o", **fields}
    return {
        "uuid": "u",
        "span_id": "s",
        "timestamp": AT,
        "working_start": 1.5,
        "event": kind,
    } | fields


def rows(*events: dict[str, Any], first: int = 1) -> bytes:
    """A segment's member."""
    found = [
        {"id": number, "event_id": f"e{number}", "sample_id": "1", "epoch": 1, "event": one}
        for number, one in enumerate(events, first)
    ]
    return json.dumps({"events": found, "attachments": [], "message_pool": []}).encode()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_ZSTANDARD) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def sample(
    sample_id: int | str = 1, segments: tuple[Any, ...] = (), epoch: int = 1, **summary: Any
) -> dict[str, Any]:
    """A manifest's entry; a segment is an integer or (segment, last event's id)."""
    references = [
        {"id": one[0], "last_event_id": one[1], "last_attachment_id": 0}
        if isinstance(one, tuple)
        else one
        for one in segments
    ]
    about = {"id": sample_id, "epoch": epoch, "input": "q", "target": "x", "metadata": {}}
    about |= {"started_at": AT, "uuid": f"uuid-{sample_id}", "completed": False}
    return {"summary": about | summary, "segments": references}


def manifest(*samples: dict[str, Any]) -> bytes:
    """A manifest as it is before the first score: not strict JSON."""
    metrics = [{"scorer": "includes", "name": "accuracy", "value": float("nan")}]
    return json.dumps({"metrics": metrics, "samples": list(samples), "segments": []}).encode()


def spec(**fields: Any) -> dict[str, Any]:
    return {
        "eval_set_id": "set",
        "created": "2026-11-23T15:44:37+00:00",
        "task": "mini",
        "task_id": TASK_ID,
        "dataset": {"samples": 5, "sample_ids": [1, 2, 3, 7, "a/b c"], "shuffled": False},
        "sandbox": {"type": "k8s"},
        "model": "openai/gpt-4o",
        "model_generate_config": {"max_connections": 20},
        "config": {"epochs": 2, "max_samples": 4},
    } | fields


def ended(sample_id: int | str = 9, **fields: Any) -> dict[str, Any]:
    about = {"id": sample_id, "epoch": 1, "uuid": f"uuid-{sample_id}", "started_at": AT}
    return about | {"completed_at": AT, "completed": True} | fields


def running_log(*journal: list[dict[str, Any]], **fields: Any) -> bytes:
    """A `.eval` of a running task with one file of summaries for each flush."""
    members = {"_journal/start.json": json.dumps({"version": 2, "eval": spec(**fields)}).encode()}
    for number, summaries in enumerate(journal, 1):
        members[f"_journal/summaries/{number}.json"] = json.dumps(summaries).encode()
    return zipped(members)


def finished_log(*summaries: dict[str, Any], status: str = "success", **header: Any) -> bytes:
    about = {"version": 2, "status": status, "eval": spec(), "stats": {"completed_at": AT}} | header
    return zipped(
        {
            "_journal/start.json": json.dumps({"eval": spec()}).encode(),
            "summaries.json": json.dumps(list(summaries)).encode(),
            "header.json": json.dumps(about).encode(),
        }
    )


def running_store() -> dict[str, bytes]:
    """A running task: one sample with two segments, one that has ended."""
    pending = event(pending=True, output={"choices": [{"stop_reason": "stop"}]})
    return {
        LOG: running_log([ended()]),
        MANIFEST: manifest(sample(1, ((1, 2), (2, 3)))),
        segment_path(1): zipped({"1_1.json": rows(event("span_begin", id="s"), pending)}),
        segment_path(2): zipped({"1_1.json": rows(event(error="Error code: 500"), first=3)}),
    }


JSON_LOG = f"{LOG.removesuffix('.eval')}.json"


def json_sample(sample_id: int | str = 9, epoch: int = 1, **fields: Any) -> dict[str, Any]:
    """A sample as it stands in a log in JSON, transcript and all."""
    about = {"id": sample_id, "epoch": epoch, "input": "q", "target": "x"}
    about |= {"messages": [{"role": "user", "content": "q"}], "scores": {"s": {"value": 1}}}
    about |= {"uuid": f"uuid-{sample_id}", "started_at": AT, "completed_at": AT}
    return about | {"events": [event()], "error": None, "limit": None} | fields


def json_log(
    *samples: dict[str, Any],
    status: str = "started",
    about: dict[str, Any] | None = None,
    **header: Any,
) -> bytes:
    """A log of `log_format="json"`, its fields in their order."""
    fields: dict[str, Any] = {"version": 2, "status": status, "eval": about or spec(), "plan": {}}
    fields["results"] = {"scores": [{"metrics": {"accuracy": {"value": float("nan")}}}]}
    fields["stats"] = {"started_at": AT, "completed_at": AT if status != "started" else ""}
    fields |= header
    if samples:
        fields["samples"] = list(samples)
        fields["reductions"] = [{"scorer": "s", "samples": []}]
    return json.dumps(fields, indent=2).encode()
