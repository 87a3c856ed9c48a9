"""The folders of a store that may hold logs, however deep: listed level by level, within bounds.

A store of thousands of eval sets costs one listing for each of them and no more: a folder's own
listing names what lies below it, and nothing but hidden folders does there as a rule.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator

from msgspec import Struct

from watchdog.collect.stores.objects import Folder, StoreError, join
from watchdog.collect.work.gradual import gathered

DEPTH_MAX = 8
"""Levels below the target that are looked into."""
FOLDERS_MAX = 1000
"""Folders below the first level that are listed at a time; of the first all are."""
CHECKPOINTS = ".checkpoints"
"""How the folder ends in which Inspect keeps a log's sandboxes (`_util/log_layout.py`). The logs in
`<log>.shards/<number>/` are logs like any other: workers write them."""
NAMED = 3

ListDir = Callable[[str], Awaitable[Folder]]
"""Lists a folder by its path. Raises: StoreError."""


class Tree(Struct):
    """What was listed of a store, by path; the root itself isn't in it."""

    folders: dict[str, Folder] = {}
    failed: dict[str, StoreError] = {}
    """Folders that could not be listed."""
    beyond: tuple[str, ...] = ()
    """Folders that were not looked into, nor anything below them."""

    def hides(self, path: str) -> bool:
        """Whether a folder lies where nothing could be seen this time."""
        return any(is_within(path, top) for top in (*self.failed, *self.beyond))


def is_within(path: str, top: str) -> bool:
    """Whether a folder is `top` or lies below it."""
    return path == top or path.startswith(f"{top}/")


def beyond_text(beyond: tuple[str, ...]) -> str:
    """What a person is told of folders that were not looked into."""
    more = f" and {len(beyond) - NAMED:,} more" if len(beyond) > NAMED else ""
    names = ", ".join(beyond[:NAMED]) + more
    return (
        f"logs in these folders are not watched, as they lie more than {DEPTH_MAX} levels down or "
        f"there are more than {FOLDERS_MAX:,} of them: {names}; name them as targets of their own"
    )


async def walk(list_dir: ListDir, root: Folder) -> Tree:
    """List what lies below a root, the uppermost first.

    Links are followed last, and only to folders that were not met before: a loop ends there, and a
    `latest` beside the folder that it names makes no second eval set.
    """
    tree = Tree()
    met = {root.identity} - {None}
    plain, links = _below("", root)
    await _descend(list_dir, tree, met, plain, links)
    while links:
        level, links = links, []
        await _descend(list_dir, tree, met, level, links)
    tree.folders = {path: tree.folders[path] for path in sorted(tree.folders)}
    return tree


async def _descend(
    list_dir: ListDir, tree: Tree, met: set[str | None], level: list[str], links: list[str]
) -> None:
    """List these folders and those below them; links go to `links`."""
    while level:
        due = list(_within_bounds(tree, level))
        level = []
        for path, folder in zip(due, await _listed(list_dir, due), strict=True):
            if isinstance(folder, StoreError):
                tree.failed[path] = folder
                continue
            if folder.identity is not None and folder.identity in met:
                continue
            met.add(folder.identity)
            tree.folders[path] = folder
            plain, more_links = _below(path, folder)
            level += plain
            links += more_links


def _below(path: str, folder: Folder) -> tuple[list[str], list[str]]:
    """The folders in one that may hold logs: those that are there, and those that are links."""
    names = [n for n in folder.folders if not n.startswith(".") and not n.endswith(CHECKPOINTS)]
    plain = [join(path, name) for name in names if name not in folder.links]
    return plain, [join(path, name) for name in names if name in folder.links]


def _within_bounds(tree: Tree, level: Iterable[str]) -> Iterator[str]:
    left = FOLDERS_MAX - sum("/" in path for path in (*tree.folders, *tree.failed))
    for path in level:
        left -= "/" in path
        if path.count("/") >= DEPTH_MAX or left < 0:
            tree.beyond += (path,)
        else:
            yield path


async def _listed(list_dir: ListDir, paths: list[str]) -> list[Folder | StoreError]:
    return await gathered(_list(list_dir, path) for path in paths)


async def _list(list_dir: ListDir, path: str) -> Folder | StoreError:
    try:
        return await list_dir(path)
    except StoreError as error:
        return error
