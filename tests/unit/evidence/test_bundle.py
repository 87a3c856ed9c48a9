"""From a cluster and a store to a bundle that says what they said."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from tests.doubles.kubernetes_server import Answer, Asked, Server, kubeconfig, serving, status
from tests.recordings.unpack import unpack
from watchdog import cli
from watchdog.collect.bundle import read_bundle
from watchdog.collect.kubernetes import credentials
from watchdog.config.load import load
from watchdog.config.settings import Settings
from watchdog.errors import UsageError
from watchdog.evidence.bundle import default_name, evidence
from watchdog.pipeline.once import check

LABELS = {"app.kubernetes.io/name": "inspect-ai", "app.kubernetes.io/component": "runner"}
PATHS = {
    "/api/v1/namespaces": "namespaces",
    "/apis/batch/v1/jobs": "jobs",
    "/api/v1/pods": "pods",
    "/api/v1/events": "events",
}
ALL = 10**9


class Cluster:
    """What the server on loopback answers: an eval set with a runner, and another one's."""

    def __init__(self, eval_set_id: str, log: bytes, created_at: str) -> None:
        self.log = log
        self.refused: set[str] = set()
        self.lists: dict[str, list[dict[str, Any]]] = {kind: [] for kind in PATHS.values()}
        for name in (eval_set_id, "other"):
            self._add(name, created_at)

    def _add(self, name: str, created_at: str) -> None:
        namespace, labels = f"inspect-{name}", {**LABELS, "inspect-ai.metr.org/job-id": name}
        meta = {"namespace": namespace, "labels": labels, "creationTimestamp": created_at}
        running = {"name": "inspect-eval-set", "state": {"running": {"startedAt": created_at}}}
        about = {"kind": "Pod", "name": f"{name}-abc", "namespace": namespace}
        spec = {"containers": [{"name": "c", "env": [{"name": "KEY", "value": "s3cret"}]}]}
        self.lists["namespaces"].append({"metadata": {"name": namespace, "labels": labels}})
        self.lists["jobs"].append(
            {"metadata": meta | {"name": name, "uid": name}, "status": {"active": 1}}
        )
        self.lists["pods"].append(
            {
                "metadata": meta | {"name": f"{name}-abc", "uid": f"{name}-pod"},
                "spec": spec,
                "status": {"phase": "Running", "containerStatuses": [running]},
            }
        )
        self.lists["events"].append(
            {
                "metadata": {"name": f"{name}.1", "namespace": namespace},
                "involvedObject": about,
                "reason": "Pulled",
                "lastTimestamp": created_at,
            }
        )

    def of(self, asked: Asked) -> Answer:
        url = urlsplit(asked.path)
        kind = "log" if url.path.endswith("/log") else PATHS.get(url.path, "")
        if kind in self.refused:
            return status(403, "forbidden")
        if kind == "log":
            return Answer(body=self.log)
        if not kind:
            return status(404, "not here")
        if "watch" in parse_qs(url.query):
            return Answer(body=b"", hold=True)
        whole = {"metadata": {"resourceVersion": "7"}, "items": self.lists[kind]}
        return Answer(body=json.dumps(whole).encode())


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("KUBERNETES_SERVICE_HOST", "KUBECONFIG", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(credentials, "TOKEN_FILE", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def server():
    with serving() as found:
        yield found


class Playback:
    """A recording in a directory store, behind a cluster."""

    def __init__(self, tmp_path: Path, server: Server, name: str = "one_sample_500") -> None:
        self.recording = unpack(name, tmp_path / "recording")[-1]
        about = read_bundle(self.recording)
        assert about.captured_at is not None
        self.id, self.now = about.eval_set_id, about.captured_at
        logs = list(self.recording.glob("kubernetes/logs/*/*.log"))
        self.cluster = Cluster(
            self.id, logs[0].read_bytes() if logs else b"", "2026-11-20T07:00:00Z"
        )
        self.store = tmp_path / "evals" / self.id
        shutil.copytree(self.recording / "store", self.store)
        self.config = kubeconfig(tmp_path / "config", server.url)
        self.bundle = tmp_path / "bundle"
        server.respond = self.cluster.of

    def settings(self, **kubernetes: Any) -> Settings:
        given = {"kubeconfig": self.config, "store": str(self.store.parent / "{eval_set_id}")}
        return load({"kubernetes": given | kubernetes})

    async def write(self, settings: Settings | None = None, max_bytes: int = ALL) -> str:
        settings = settings or self.settings()
        written = await evidence(self.id, settings, self.now, self.bundle, max_bytes)
        assert written.path == self.bundle
        return "\n".join(written.notes)

    async def live(self, settings: Settings | None = None) -> Any:
        return comparable(await check([self.id], settings or self.settings(), self.now, self.now))

    async def later(self) -> Any:
        # the store is named in commands
        known = load({"kubernetes": {"store": str(self.store.parent / "{eval_set_id}")}})
        return comparable(await check([str(self.bundle)], known, None, self.now + 86_400))


def comparable(report: msgspec.Struct) -> Any:
    found = msgspec.to_builtins(report)
    del found["problems"]
    return found


@pytest.mark.parametrize(
    "name",
    [
        "one_sample_500",
        "frozen_runner",
        "hung_setup",
        "human",
        "two_tasks",
        "errored",
        "restarted",
        "rate_limited_forever",
        "finished",
    ],
)
async def test_a_bundle_says_later_what_was_said_at_that_instant(tmp_path, server, name):
    playback = Playback(tmp_path, server, name)
    said = await playback.live()
    notes = await playback.write()
    shutil.rmtree(playback.store.parent)
    server.respond = lambda _: status(500, "gone")
    assert await playback.later() == said
    assert said["verdict"] != "unknown"
    superseded = [line for line in notes.splitlines() if "left out" in line]
    assert all("superseded" in line for line in superseded)
    assert bool(superseded) == (name == "restarted")


async def test_only_its_own_objects_are_in_it_and_no_secrets(tmp_path, server):
    playback = Playback(tmp_path, server)
    await playback.write()
    text = "".join(path.read_text() for path in (playback.bundle / "kubernetes").glob("*.json"))
    assert "s3cret" not in text
    assert "other" not in text
    assert read_bundle(playback.bundle) == read_bundle(playback.recording)


async def test_an_eval_set_that_only_the_store_knows(tmp_path, server):
    playback = Playback(tmp_path, server)
    playback.cluster.lists = {kind: [] for kind in playback.cluster.lists}
    said = await playback.live()
    notes = await playback.write()
    assert (await playback.later()) == said
    assert said["verdict"] == "finished"
    assert "kubernetes: 0 namespaces, 0 jobs, 0 pods, 0 events, 0 logs" in notes
    assert json.loads((playback.bundle / "kubernetes" / "pods.json").read_text())["items"] == []
    assert (playback.bundle / "store").is_dir()


@pytest.mark.parametrize("name", ["team/run1", "swe (retry 2)", "résumé", "a#b%c&d='[e]{f};*?$"])
async def test_whatever_its_folder_is_called(tmp_path, server, name):
    playback = Playback(tmp_path, server, "hung_setup")
    root = tmp_path / "logs"
    shutil.copytree(playback.store, root / name)
    settings = load({"logs": [str(root)]})
    (said,) = (await check([str(root)], settings, playback.now, playback.now)).eval_sets
    assert said.eval_set_id == name
    written = await evidence(name, settings, playback.now, playback.bundle, ALL)
    assert f"bytes of {root}/{name}" in "\n".join(written.notes)
    assert (playback.bundle / "store").is_dir()


async def test_an_eval_set_without_a_cluster_to_ask(tmp_path, server):
    playback = Playback(tmp_path, server)
    notes = await playback.write(playback.settings(kubeconfig=tmp_path / "nowhere"))
    assert "kubernetes: left out: " in notes
    assert not (playback.bundle / "kubernetes").exists()


async def test_an_eval_set_without_a_store(tmp_path, server):
    playback = Playback(tmp_path, server)
    notes = await playback.write(playback.settings(store=None))
    assert "store: left out: kubernetes.store is not configured" in notes
    written = {"bundle.json", "kubernetes", "report.json", "report.md"}
    assert {path.name for path in playback.bundle.iterdir()} == written


async def test_a_store_that_is_away(tmp_path, server):
    playback = Playback(tmp_path, server)
    shutil.rmtree(playback.store)
    said = await playback.live()
    assert "store: left out: " in await playback.write()
    later = await playback.later()
    assert later["verdict"] == said["verdict"] == "unknown"


async def test_kinds_that_are_forbidden_are_absent_and_named(tmp_path, server):
    playback = Playback(tmp_path, server)
    playback.cluster.refused = {"events", "log"}
    said = await playback.live()
    notes = await playback.write()
    assert "left out: events.json: forbidden" in notes
    assert f"left out: logs/inspect-{playback.id}/{playback.id}-abc.log: forbidden" in notes
    assert not (playback.bundle / "kubernetes" / "events.json").exists()
    assert await playback.later() == said


async def test_what_is_too_much_is_named(tmp_path, server):
    playback = Playback(tmp_path, server)
    notes = await playback.write(max_bytes=10_000)
    size = sum(
        path.stat().st_size for path in playback.bundle.rglob("store/**/*") if path.is_file()
    )
    assert size <= 10_000
    assert "more than is left of 10000" in notes


async def test_an_eval_set_that_nobody_knows(tmp_path, server):
    playback = Playback(tmp_path, server)
    playback.id = "nobody"
    with pytest.raises(UsageError, match="nobody: no such eval set"):
        await playback.write()
    assert not list(tmp_path.glob("*bundle*")) + list(tmp_path.glob(".evidence*"))


def existing_file(path: Path) -> None:
    path.write_text("mine")


def dangling_link(path: Path) -> None:
    path.symlink_to("/nowhere")


@pytest.mark.parametrize("make", [Path.mkdir, existing_file, dangling_link])
async def test_nothing_is_overwritten(tmp_path, server, make: Callable[[Path], None]):
    playback = Playback(tmp_path, server)
    make(playback.bundle)
    with pytest.raises(UsageError, match="bundle: exists already"):
        await playback.write()
    assert server.asked == []


async def test_a_failure_on_the_way_leaves_nothing_behind(tmp_path, server, monkeypatch):
    playback = Playback(tmp_path, server)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("watchdog.evidence.copy_store._append", full)
    with pytest.raises(UsageError, match="No space left on device"):
        await playback.write()
    assert not list(tmp_path.glob("*bundle*")) + list(tmp_path.glob(".evidence*"))


def configured(playback: Playback, tmp_path: Path) -> str:
    path = tmp_path / "watchdog.yaml"
    kubernetes = {"kubeconfig": str(playback.config), "store": str(playback.store.parent)}
    path.write_text(json.dumps({"kubernetes": kubernetes}))
    return str(path)


def test_the_command_prints_the_path_and_nothing_else(tmp_path, server, capsys):
    playback = Playback(tmp_path, server)
    assert cli.main(["evidence", playback.id, "--config", configured(playback, tmp_path)]) == 0
    out, err = capsys.readouterr()
    (bundle,) = tmp_path.glob(f"{playback.id}-*Z")
    assert out == f"{bundle.name}\n"
    assert err.startswith("store: ")
    assert (bundle / "bundle.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("nobody",), "no such eval set"),
        (("{id}", "--output", "taken"), "taken"),
        (("{id}", "--output", "no/such/place"), "no/such"),
        (("{id}", "--max-bytes", "lots"), "--max-bytes"),
        ((), "TARGET"),
    ],
)
def test_what_can_t_be_done_is_one_line_and_status_3(tmp_path, server, capsys, arguments, named):
    playback = Playback(tmp_path, server)
    (tmp_path / "taken").mkdir()
    given = [argument.format(id=playback.id) for argument in arguments]
    assert cli.main(["evidence", *given, "--config", configured(playback, tmp_path)]) == 3
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert named in err


@pytest.mark.parametrize(
    ("eval_set_id", "name"),
    [
        ("set-1", "set-1"),
        ("../../etc/passwd", "etc_passwd"),
        ("a/b\nc\0d", "a_b_c_d"),
        ("..", "eval-set"),
        ("-rf", "rf"),
        ("ü" * 500, "eval-set"),
        ("x" * 500, "x" * 100),
    ],
)
def test_any_id_makes_a_fit_name(eval_set_id, name):
    now = datetime(2026, 11, 23, 8, tzinfo=UTC).timestamp()
    assert default_name(eval_set_id, now) == f"{name}-20261123T080000Z"
