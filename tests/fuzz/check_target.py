"""One eval set's files, some of them hostile, through the whole of `watchdog check`.

The input says which part of a small eval set it replaces: everything behind the parsers, that is
folding, judging, incidents, actions and the report, meets what they let through.
"""

import io
import json
import tempfile
import zipfile
from pathlib import Path

from rich.console import Console

from tests.fuzz.inspect_targets import _quick, run
from tests.fuzz.promises import kept
from tests.fuzz.target import Target
from watchdog.config.settings import Settings
from watchdog.errors import UsageError
from watchdog.model.verdict import Verdict
from watchdog.pipeline.once import check
from watchdog.surfaces.terminal import brief_lines, print_lines, print_report

NOW = 1_795_000_000.0
_LOG = "2026-11-18T10-00-00+00-00_swe_AbC123"
_SPEC = {
    "version": 2,
    "eval": {
        "task": "swe",
        "task_id": "AbC123",
        "model": "openai/gpt-4o",
        "created": "2026-11-18T10:00:00+00:00",
        "dataset": {"samples": 2, "sample_ids": [1, 2]},
        "config": {"epochs": 1},
        "packages": {"inspect_ai": "0.3.285"},
    },
}
_SUMMARY = {"id": 1, "epoch": 1, "uuid": "u", "started_at": "2026-11-18T10:00:01+00:00"}
_MANIFEST = {
    "metrics": [],
    "samples": [{"summary": _SUMMARY, "segments": [{"id": 1, "last_event_id": 1}]}],
    "segments": [{"id": 1, "last_event_id": 1}],
}
_EVENT = {
    "event": "model",
    "model": "openai/gpt-4o",
    "timestamp": "2026-11-18T10:00:02+00:00",
    "error": "Error code: 500 - {}",
    "output": {"choices": [], "model": "gpt-4o"},
}
_ROW = {"id": 1, "event_id": "a", "sample_id": "1", "epoch": 1, "event": _EVENT}
PARTS = (
    "start",
    "manifest",
    "member",
    "ended",
    "interactions",
    "namespaces",
    "jobs",
    "pods",
    "events",
    "runner_log",
    "event",
    "summary",
)


def whole_check(data: bytes) -> None:
    """The first byte chooses the part."""
    part = PARTS[data[0] % len(PARTS)] if data else ""
    with tempfile.TemporaryDirectory(dir=_quick()) as folder:
        _write(Path(folder), part, data[1:])
        report = run(check([folder], Settings(), NOW, NOW))
    kept(report)
    assert report.verdict in Verdict
    _printed(report)


def _printed(report) -> None:
    text = io.StringIO()
    console = Console(file=text, width=100)
    print_report(report, console)
    print_lines(brief_lines(report, 100), console)
    assert "\x1b" not in text.getvalue()


def _write(root: Path, part: str, data: bytes) -> None:
    """A small eval set, a part of it as given."""
    (root / "bundle.json").write_text(json.dumps({"format": 1, "eval_set_id": "e"}))
    store = root / "store"
    buffer = store / ".buffer" / _LOG
    buffer.mkdir(parents=True)
    contents = {"start": _json(_SPEC), "manifest": _json(_MANIFEST), "ended": b"[]"}
    contents |= {"member": _json({"events": [_ROW]}), part: data}
    if part == "event":
        contents["member"] = _json({"events": [_ROW]}).replace(_json(_EVENT), data)
    if part == "summary":
        contents["manifest"] = _json(_MANIFEST).replace(_json(_SUMMARY), data)
    journal = {"start.json": contents["start"], "summaries/1.json": contents["ended"]}
    _zip(store / f"{_LOG}.eval", {f"_journal/{name}": body for name, body in journal.items()})
    (buffer / "manifest.json").write_bytes(contents["manifest"])
    _zip(buffer / "segment.1.zip", {"1_1.json": contents["member"]})
    _beside(root, contents)


def _beside(root: Path, contents: dict[str, bytes]) -> None:
    if "interactions" in contents:
        (root / "store" / ".hawk").mkdir()
        (root / "store" / ".hawk" / "interactions.json").write_bytes(contents["interactions"])
    for kind in ("namespaces", "jobs", "pods", "events"):
        if kind in contents:
            (root / "kubernetes").mkdir(exist_ok=True)
            (root / "kubernetes" / f"{kind}.json").write_bytes(contents[kind])
    if "runner_log" in contents:
        logs = root / "kubernetes" / "logs" / "inspect-e"
        logs.mkdir(parents=True)
        (logs / "e-abcde.log").write_bytes(contents["runner_log"])


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _zip(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)


def samples() -> list[bytes]:
    """An input for each part: as it should be."""
    texts = {
        "start": _json(_SPEC),
        "manifest": _json(_MANIFEST),
        "member": _json({"events": [_ROW]}),
        "ended": _json([_SUMMARY | {"completed": True}]),
        "interactions": b'{"count": 1}',
        "runner_log": b"2026-11-18T10:00:02Z [ab swe/1/1 openai/gpt-4o] -> openai/gpt-4o retry 3"
        b" (retrying in 24 seconds) [RateLimitError 429 rate_limit_exceeded]\n",
        "event": _json(_EVENT),
        "summary": _json(_SUMMARY),
        **dict.fromkeys(("namespaces", "jobs", "pods", "events"), b'{"items": []}'),
    }
    return [bytes([place]) + texts[part] for place, part in enumerate(PARTS)]


TARGETS = (Target("check", whole_check, (UsageError,), slow=True),)
