"""Who may see an eval set: the groups that it asks for, and those that a viewer has.

Hawk's rule (`core/model_access.py`, `core/auth/permissions.py` of METR/inspect-action): an eval set
names the groups of its models, in the annotation `model-access` as `__A__B__` and in `.models.json`
as `model-access-A`, `model-access-B`; who looks needs all of them. `A-models` is an older way to
write `model-access-A`. Here a group is its bare name, `A`.
"""

from collections.abc import Collection, Iterable

from msgspec import Struct

PREFIX, SUFFIX = "model-access-", "-models"
PUBLIC = "public"
"""The group whose models are no secret: nobody needs it."""
EVERY_GROUP = "*"
GROUPS_MAX = 1000
"""Groups of an eval set that are told apart; what asks for more is shown to nobody but admins."""
GROUP_LENGTH_MAX = 256
UNKNOWABLE = "(groups that can't be read)"
"""Stands for groups that couldn't be read, or are too many: no viewer has it."""


def bare(group: str) -> str:
    """A group's name without what Hawk, Okta and Auth0 put around it."""
    return group.strip().removeprefix(PREFIX).removesuffix(SUFFIX)


def annotated_groups(annotation: str) -> frozenset[str] | None:
    """The groups of an annotation `__A__B__`; None where it names none, so nothing is known."""
    return required(annotation.strip().strip("_").split("__"))


def required(groups: Iterable[str]) -> frozenset[str] | None:
    """Groups as an eval set names them, bounded; None where there is none."""
    names = {name for group in groups if (name := bare(group))}
    if len(names) > GROUPS_MAX or not all(map(_is_name, names)):
        return frozenset({UNKNOWABLE})
    return frozenset(names) or None


def _is_name(name: str) -> bool:
    """Whether a group may be called so: half a surrogate pair can't be written anywhere."""
    return len(name) <= GROUP_LENGTH_MAX and not any("\ud800" <= char <= "\udfff" for char in name)


def is_secret(groups: Collection[str] | None) -> bool:
    """Whether somebody said that not everybody may see it."""
    return groups is not None and not set(groups) <= {PUBLIC}


class Viewer(Struct, frozen=True):
    """Who looks."""

    user: str
    """A name for the log; empty for nobody in particular."""
    groups: frozenset[str] = frozenset()
    """Bare names."""
    sees_all: bool = False
    sees_unlabelled: bool = False
    """Whether eval sets are shown of which nothing says who may see them."""

    def may_see(self, groups: Collection[str] | None) -> bool:
        """Whether an eval set that asks for these groups is shown; None where nothing says."""
        if self.sees_all:
            return True
        if groups is None:
            return self.sees_unlabelled
        return set(groups) - {PUBLIC} <= self.groups


class Needs(Struct, frozen=True):
    """What whoever looks needs to see all of several eval sets, as it is written down."""

    groups: tuple[str, ...] = ()
    """Bare names, sorted."""
    unlabelled: bool = False
    """Whether nothing says of some of them who may see them."""

    def more(self, asked: Iterable[Collection[str] | None]) -> "Needs":
        """With what more eval sets ask for."""
        each = tuple(asked)
        names = {name for groups in each if groups is not None for name in groups}
        groups = tuple(sorted({*self.groups, *names} - {PUBLIC}))
        return Needs(groups, self.unlabelled or None in each)

    def met_by(self, viewer: Viewer) -> bool:
        """Whether a viewer may see all of them."""
        unlabelled = not self.unlabelled or viewer.may_see(None)
        return unlabelled and viewer.may_see(self.groups)


EVERYTHING = Viewer("", sees_all=True)
"""Sees all of it: where access is decided elsewhere."""


def viewer(
    user: str,
    groups: Iterable[str],
    *,
    admins: Collection[str] = (),
    bare_names: bool = True,
    sees_unlabelled: bool = False,
) -> Viewer:
    """Who looks, with the groups as an identity provider names them.

    Args:
        user: the name.
        groups: `model-access-A`, `A-models`, or plainly `A`; `*` stands for all.
        admins: groups, one of which is enough to see everything; as the provider names them.
        bare_names: whether a plain `A` counts too.
        sees_unlabelled: whether eval sets are shown of which nothing says who may see them.
    """
    names = {group.strip() for group in groups} - {""}
    sees_all = EVERY_GROUP in names or not names.isdisjoint(admins)
    if not bare_names:
        names = {name for name in names if name.startswith(PREFIX) or name.endswith(SUFFIX)}
    return Viewer(user, frozenset(map(bare, names)), sees_all, sees_unlabelled)
