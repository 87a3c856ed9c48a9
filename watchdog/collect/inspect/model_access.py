"""Who may see an eval set's models, as Hawk writes it beside the logs: `.models.json`.

Format, Hawk 3.7.2 (`core/auth/model_file.py`): `{"model_names": [...], "model_groups": [...]}`.
Hawk's API writes it before the runner starts, and again where a model changes its group. The
runner may write to the same folder, so an eval could name other groups: fewer, which tells no more
than it could tell by its own logs, or more, which hides it from the page and from nobody who has
all groups; its incidents are told all the same.
"""

from watchdog.collect.json_bounds import loads
from watchdog.collect.source import Emit
from watchdog.collect.stores.objects import FileMeta, Folder, Got, Store, StoreError, join
from watchdog.collect.values import text
from watchdog.model.access import required
from watchdog.model.facts import ModelAccessRead
from watchdog.model.verdict import Problem

FILE = ".models.json"
LIMIT = 1024 * 1024
"""Bytes; Hawk's holds a name for each model and group."""
NAMES_MAX, NAME_LENGTH_MAX = 200, 256
"""Models of an eval set that are known by name from here."""


class ModelAccess:
    """The file of one eval set, read when a listing shows another than before."""

    def __init__(self, store: Store, folder: str, eval_set_id: str) -> None:
        """Args: folder: the eval set's in the store, empty for its root."""
        self._store = store
        self._eval_set_id = eval_set_id
        self._path = join(folder, FILE)
        self._read: FileMeta | None = None

    async def listed(self, listing: Folder, emit: Emit) -> Problem | None:
        """Read it where it is new; what can't be read hides the eval set, and is a problem."""
        file = next((file for file in listing.files if file.name == FILE), None)
        if file is None:
            self._forget(emit)
            return None
        if file == self._read:
            return None
        try:
            got = await self._store.get(self._path, LIMIT)
            content = decode(got.data) if isinstance(got, Got) else None
        except StoreError as error:
            return self._unknown(error.text, emit)
        if content is None:
            return self._unknown("it doesn't say which groups may see its models", emit)
        self._read = file
        emit(ModelAccessRead(self._eval_set_id, *content))
        return None

    def _forget(self, emit: Emit) -> None:
        if self._read is not None:
            self._read = None
            emit(ModelAccessRead(self._eval_set_id, None))

    def _unknown(self, why: str, emit: Emit) -> Problem:
        self._read = None
        emit(ModelAccessRead(self._eval_set_id, None, readable=False))
        where = join(self._store.target, self._path)
        return Problem(where, f"{why}: shown to nobody but who sees everything")


def decode(data: bytes) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The groups, bare, and the models' names; None where the bytes name no group."""
    try:
        content = loads(data)
    except ValueError:
        return None
    if not isinstance(content, dict):
        return None
    groups, names = content.get("model_groups"), content.get("model_names")
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        return None
    needed = required(groups)
    return None if needed is None else (tuple(sorted(needed)), _names(names))


def _names(names: object) -> tuple[str, ...]:
    items = names if isinstance(names, list) else []
    texts = (text(name) for name in items if isinstance(name, str))
    return tuple(name for name in texts if name and len(name) <= NAME_LENGTH_MAX)[:NAMES_MAX]
