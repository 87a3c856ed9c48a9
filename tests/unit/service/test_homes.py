"""Where sources have their eval sets: one folder is one eval set, however it is written."""

import pytest

from watchdog.config.load import load
from watchdog.pipeline.names import EvalSetNames
from watchdog.service.homes import homes


@pytest.fixture
def ids(tmp_path, monkeypatch):
    """The ids that an eval set of one name has in each of some targets, and in the cluster."""
    (tmp_path / "a" / "run").mkdir(parents=True)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    monkeypatch.chdir(tmp_path)

    def given(*targets, store=None):
        enabled = "yes" if store else "no"
        settings = load({"logs": targets, "kubernetes": {"enabled": enabled, "store": store}})
        sources = [*targets, *(["kubernetes"] if store else [])]
        names = EvalSetNames(homes(settings, sources))
        return [names.id_of(source, "run") for source in sources]

    return given


@pytest.mark.parametrize(
    "targets", [("./a", "a/"), ("a", "b"), ("a", "a/run"), ("s3://x/y", "s3://x/y/")]
)
def test_one_folder_is_one_eval_set(ids, targets):
    assert ids(*targets) == ["run", "run"]


@pytest.mark.parametrize("targets", [("a", "c"), ("s3://x/y", "s3://x/z"), ("s3://x/y", "x/y")])
def test_two_folders_are_two(ids, targets):
    assert len(set(ids(*targets))) == 2


@pytest.mark.parametrize("store", ["s3://x/y", "s3://x/y/", "s3://x/y/{eval_set_id}"])
def test_the_cluster_has_its_eval_sets_where_their_logs_are(ids, store):
    assert ids("s3://x/y", store=store) == ["run", "run"]
    assert len(set(ids("s3://x/z", store=store))) == 2


def test_a_source_whose_place_is_not_known_shares_none():
    settings = load({"logs": ("a",)})
    names = EvalSetNames(homes(settings, ["bundle-1", "bundle-2"]))
    assert names.id_of("bundle-1", "run") != names.id_of("bundle-2", "run")
