"""Evidence takes what `check` takes: the eval set that a person means."""

import json
import shutil

import pytest

from tests.recordings.unpack import unpack
from watchdog import cli
from watchdog.collect.bundle import read_bundle
from watchdog.collect.inspect.own_name import decode
from watchdog.config.settings import Settings
from watchdog.errors import UsageError
from watchdog.evidence.copy_bundle import copy_cluster
from watchdog.evidence.named import Named, named

NAME = "one-sample-500-7f3a"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return unpack("one_sample_500", tmp_path_factory.mktemp("recording"))[1]


def written(tmp_path, *arguments):
    """The bundle that `watchdog evidence` writes."""
    output = tmp_path / "out"
    assert cli.main(["evidence", *map(str, arguments), "--no-tests", "--output", str(output)]) == 0
    return output


@pytest.mark.parametrize(
    "form", ["bundle", "id in bundle", "store", "folder", "inspect's id", "path"]
)
def test_every_form_says_what_check_says(tmp_path, bundle, monkeypatch, form):
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    logs = tmp_path / "logs"
    logs.mkdir()
    shutil.copytree(bundle / "store", logs / "run")
    arguments = {
        "bundle": (bundle,),
        "id in bundle": (NAME, "--logs", bundle),
        "store": (bundle / "store",),
        "folder": ("run", "--logs", logs),
        "inspect's id": (NAME, "--logs", logs),
        "path": ("logs/run", "--logs", logs / "run"),
    }[form]
    output = written(tmp_path, *arguments)
    told = read_bundle(output)
    names = {"store": "store", "folder": "run", "inspect's id": "run", "path": "run"}
    assert told.eval_set_id == names.get(form, NAME)
    copied = {path.name for path in (output / "store").iterdir()}
    assert copied >= {path.name for path in (bundle / "store").iterdir() if path.suffix == ".eval"}
    if form.endswith("bundle"):
        assert told.captured_at == read_bundle(bundle).captured_at
        assert (output / "kubernetes").is_dir()


async def test_of_several_one_is_to_be_named(tmp_path, bundle):
    for name in ("b", "a it's"):
        shutil.copytree(bundle / "store", tmp_path / name)
    with pytest.raises(UsageError, match="2 eval sets are there: a it's, b; name one: ") as raised:
        await named(str(tmp_path), Settings(), ())
    assert f"`watchdog evidence 'a it'\"'\"'s' --logs {tmp_path}`" in str(raised.value)


async def test_an_id_that_is_the_end_of_a_target_s_path_is_its_own(tmp_path, bundle):
    own, below = tmp_path / "a" / "run", tmp_path / "a" / "run" / "a" / "run"
    shutil.copytree(bundle / "store", own)
    assert await named("a/run", Settings(), (str(own),)) == Named("run", str(own))
    assert await named("xa/run", Settings(), (str(own),)) == Named("xa/run")
    shutil.copytree(bundle / "store", below)
    assert await named("a/run", Settings(), (str(own),)) == Named("a/run")


async def test_where_none_is_that_is_said(tmp_path):
    with pytest.raises(UsageError, match="no eval set is there"):
        await named(str(tmp_path), Settings(), ())
    (tmp_path / "bundle.json").write_text(json.dumps({"format": 9}))
    with pytest.raises(UsageError, match='"format" is not 1'):
        await named(str(tmp_path), Settings(), ())


async def test_what_is_no_target_is_an_id(tmp_path):
    assert await named("my-run", Settings(), ()) == Named("my-run")
    assert await named("my-run", Settings(), (str(tmp_path),)) == Named("my-run")


def test_a_link_out_of_a_bundle_is_not_followed(tmp_path, bundle):
    secret = tmp_path / "secret"
    secret.write_text("not for you")
    made = tmp_path / "bundle"
    (made / "kubernetes").mkdir(parents=True)
    (made / "bundle.json").write_bytes((bundle / "bundle.json").read_bytes())
    (made / "kubernetes" / "pods.json").symlink_to(secret)
    (made / "kubernetes" / "events.json").write_text('{"items": []}')
    output = tmp_path / "out"
    assert copy_cluster(made, output, 1000) == (1, True)
    assert [path.name for path in (output / "kubernetes").iterdir()] == ["events.json"]
    assert copy_cluster(made, tmp_path / "less", 3) == (0, False)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"nWJu3Mz\n", "nWJu3Mz"),
        (b"", ""),
        (b"a\x1b[31mb", "a [31mb"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_what_inspect_calls_it(data, said):
    assert decode(data) == said
