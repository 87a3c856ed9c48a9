"""Groups as Hawk writes them, and who has all of them."""

import pytest

from watchdog.model.access import UNKNOWABLE, Viewer, annotated_groups, required, viewer


@pytest.mark.parametrize(
    ("annotation", "groups"),
    [
        ("__A__B__", {"A", "B"}),
        ("__public__", {"public"}),
        ("__A____B__", {"A", "B"}),
        ("__a_b__", {"a_b"}),
        ("", None),
        ("____", None),
    ],
)
def test_annotations(annotation, groups):
    assert annotated_groups(annotation) == groups


def test_what_is_too_much_is_for_nobody():
    assert required(f"g{n}" for n in range(1001)) == {UNKNOWABLE}
    assert required(["g" * 300]) == {UNKNOWABLE}


def test_all_groups_are_needed_but_that_of_everybody():
    ann = viewer("ann", ["model-access-A", "B-models"])
    assert ann.may_see(("A", "B", "public"))
    assert ann.may_see(())
    assert not ann.may_see(("A", "C"))
    assert not ann.may_see(None)
    assert Viewer("").may_see(("public",))
    assert not Viewer("").may_see((UNKNOWABLE,))
