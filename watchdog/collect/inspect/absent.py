"""The eval sets of a store that its listing doesn't show: since when, and what that proves."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set

from watchdog.collect.absence import (
    ENDED,
    PROVES,
    WAY_OUT,
    Absence,
    Contents,
    Proof,
    absent,
    fate,
    place_words,
    proof_of,
    remembered,
)
from watchdog.collect.stores.objects import Folder
from watchdog.model.instants import clock
from watchdog.model.words import count

_NOTHING = Contents()


class AbsentEvalSets:
    """What earlier listings of a store held, and what of it is not there now."""

    def __init__(self, own_id: str) -> None:
        self._own_id = own_id
        self._remembered: Set[str] = frozenset()
        self._contents: dict[str, Contents] = {}
        """By folder, of the last listing from which nothing was absent there."""
        self.absences: dict[str, Absence] = {}
        self.root_is_lost = False
        """Whether the root itself is empty, or holds nothing of what it held."""

    def __contains__(self, eval_set_id: str) -> bool:
        """Whether the last complete listing was without it."""
        return eval_set_id in self.absences

    def remember(self, names: Set[str]) -> None:
        """Eval sets that an earlier life of the service saw; before the first listing."""
        self._remembered = names

    def begin(self, present: Iterable[str], folders: Mapping[str, Folder]) -> None:
        """With the first listing: what an earlier life saw lay beside what is `present` now."""
        if not self._remembered:
            return
        names: dict[str, set[str]] = {}
        for path in (*self._remembered, *present):
            folder = path
            while folder:
                folder, _, own = folder.rpartition("/")
                names.setdefault(folder, set()).add(own)
        for path, own_names in names.items():
            identity = folders[path].identity if path in folders else None
            self._contents[path] = Contents(frozenset(own_names), identity)
        self._remembered = frozenset()

    @property
    def counting(self) -> bool:
        """Whether a few more listings soon will tell of one that it is gone."""
        return any(absence.proof in PROVES for absence in self.absences.values())

    def listed(
        self,
        names: Iterable[str],
        folders: Mapping[str, Folder],
        now: float,
        is_finished: Callable[[str], bool],
        is_hidden: Callable[[str], bool],
    ) -> frozenset[str]:
        """Take in a complete listing that is without `names`; those of them that are gone.

        Args:
            names: eval sets that were there before.
            folders: all that was listed, by path; the root's is empty.
            now: seconds since the epoch.
            is_finished: whether nothing of an eval set ran any more when it was last read.
            is_hidden: whether a folder lies where nothing could be listed.
        """
        shown = {path: _contents(folder) for path, folder in folders.items()}
        places = {name: self._place(name, shown) for name in names}
        self.absences = {
            name: absent(
                self.absences.get(name), self._proof(name, *places[name], shown, is_finished), now
            )
            for name in places
        }
        gone = {name for name, one in self.absences.items() if fate(one, now) in ENDED}
        held = {place for name, (place, _) in places.items() if name not in gone}
        for name in gone:
            del self.absences[name]
        self.root_is_lost = any(not places[name][0] for name, _ in self.missing())
        before = self._contents
        self._contents = {path: remembered(folder) for path, folder in shown.items()}
        self._contents |= {p: known for p, known in before.items() if p in held or is_hidden(p)}
        return frozenset(gone)

    def missing(self) -> Iterator[tuple[str, Absence]]:
        """Those of which the listing proves nothing, in order of their names."""
        for name, absence in sorted(self.absences.items()):
            if absence.proof not in PROVES:
                yield name, absence

    def missing_text(self) -> str:
        """What is said of a place that holds nothing of what it held; empty where none is such."""
        missing = [absence for _, absence in self.missing()]
        if not missing:
            return ""
        since = clock(min(absence.since for absence in missing))
        words = place_words(missing[0].proof)
        held = count(len(missing), "eval set")
        return f"since {since} it {words}; before, {held} lay there. {WAY_OUT}"

    def _place(self, name: str, present: Mapping[str, Contents]) -> tuple[str, str]:
        """The nearest folder of an eval set that is there, and what of its path lay in that."""
        path = "" if name == self._own_id and name not in self._contents else name
        own = ""
        while path and path not in present:
            path, _, own = path.rpartition("/")
        return path, own

    def _proof(
        self,
        name: str,
        place: str,
        own: str,
        present: Mapping[str, Contents],
        is_finished: Callable[[str], bool],
    ) -> Proof:
        proof = self._at(place, own, present)
        if proof in PROVES or not place or not is_finished(name):
            return proof
        # nothing of it ran any more: that its folder was emptied where others are there is no loss
        of_root = self._at("", name.partition("/")[0], present)
        return of_root if of_root is Proof.SIBLINGS else proof

    def _at(self, place: str, own: str, present: Mapping[str, Contents]) -> Proof:
        now = present.get(place, _NOTHING)
        return proof_of(self._contents.get(place, _NOTHING), now, own)


def _contents(folder: Folder) -> Contents:
    names = frozenset((*(file.name for file in folder.files), *folder.folders))
    return Contents(names, folder.identity)
