"""Folders of any depth: looked into within bounds, links last, loops never."""

from pathlib import Path

import pytest

from watchdog.collect.inspect import folders
from watchdog.collect.inspect.folders import DEPTH_MAX, beyond_text, walk
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.collect.stores.objects import Folder, StoreError


class Store(DirectoryStore):
    """Counts listings, and refuses some."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.listed: list[str] = []
        self.refused: set[str] = set()

    async def list_dir(self, path: str = "") -> Folder:
        self.listed.append(path)
        if path in self.refused:
            raise StoreError("forbidden", f"{path}: denied")
        return await super().list_dir(path)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def make(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).mkdir(parents=True)


async def walked(store: Store) -> folders.Tree:
    return await walk(store.list_dir, await DirectoryStore.list_dir(store))


async def test_all_levels_are_listed_once(tmp_path, store):
    make(tmp_path, "a/b/c", "d")
    assert list((await walked(store)).folders) == ["a", "a/b", "a/b/c", "d"]
    assert sorted(store.listed) == ["a", "a/b", "a/b/c", "d"]


async def test_a_flat_layout_costs_one_listing_for_each_eval_set(tmp_path, store):
    make(
        tmp_path, *(f"set-{n}/.buffer/log" for n in range(50)), "set-1/.hawk", "set-1/x.checkpoints"
    )
    tree = await walked(store)
    assert len(tree.folders) == len(store.listed) == 50
    assert (tree.failed, tree.beyond) == ({}, ())


async def test_workers_logs_are_logs(tmp_path, store):
    make(tmp_path, "set/x.shards/1")
    assert "set/x.shards/1" in (await walked(store)).folders


async def test_what_lies_too_deep_is_named(tmp_path, store):
    make(tmp_path, "/".join("abcdefghij"), "z")
    tree = await walked(store)
    assert max(path.count("/") for path in tree.folders) == DEPTH_MAX - 1
    assert tree.beyond == ("a/b/c/d/e/f/g/h/i",)
    assert tree.hides("a/b/c/d/e/f/g/h/i/j")
    assert not tree.hides("a/b")
    assert "a/b/c/d/e/f/g/h/i" in beyond_text(tree.beyond)


async def test_more_than_are_listed_are_named(tmp_path, store, monkeypatch):
    monkeypatch.setattr(folders, "FOLDERS_MAX", 3)
    make(tmp_path, *(f"set-{n}" for n in range(6)), *(f"set-0/{n}" for n in range(6)))
    tree = await walked(store)
    assert {f"set-{n}" for n in range(6)} <= set(tree.folders)
    assert tree.beyond == ("set-0/3", "set-0/4", "set-0/5")
    assert "set-0/3, set-0/4, set-0/5;" in beyond_text(tree.beyond)
    assert "and 4 more" in beyond_text(tuple("abcdefg"))


async def test_loops_end(tmp_path, store):
    make(tmp_path, "a/b")
    (tmp_path / "a/b/up").symlink_to(tmp_path / "a")
    (tmp_path / "a/b/self").symlink_to(".")
    (tmp_path / "root").symlink_to(tmp_path)
    tree = await walked(store)
    assert list(tree.folders) == ["a", "a/b"]
    assert tree.beyond == ()


async def test_a_link_beside_what_it_names_is_no_second_one(tmp_path, store):
    make(tmp_path, "2026/nov/logs")
    (tmp_path / "aaa-latest").symlink_to("2026/nov/logs")
    assert list((await walked(store)).folders) == ["2026", "2026/nov", "2026/nov/logs"]


async def test_a_link_is_followed_as_far_as_it_stays_in_the_store(tmp_path, store):
    make(tmp_path, "logs/.hidden/deep", "elsewhere/deep")
    store = Store(tmp_path / "logs")
    (tmp_path / "logs/linked").symlink_to(tmp_path / "logs/.hidden")
    (tmp_path / "logs/out").symlink_to(tmp_path / "elsewhere")
    assert list((await walked(store)).folders) == ["linked", "linked/deep"]
    assert (await store.list_dir()).left_out == (("out", "a link that leads out of the directory"),)


async def test_a_folder_that_is_refused_hides_what_is_in_it(tmp_path, store):
    make(tmp_path, "a/b/c", "d")
    store.refused = {"a/b"}
    tree = await walked(store)
    assert list(tree.folders) == ["a", "d"]
    assert list(tree.failed) == ["a/b"]
    assert tree.hides("a/b/c")
    assert not tree.hides("a/bc")
