"""A week of a fleet through decisions: so much is heard of each incident, and no more."""

import pytest

from tests.quality.fleets import BY_LOT, FLAPPING, OUTAGES
from tests.quality.messages import messages, stories
from watchdog.model.verdict import Verdict

pytestmark = pytest.mark.acceptance

LONGEST = (
    ("opened", "updated", "resolved"),
    ("opened", "escalated", "resolved"),
)
"""It opens, reaches further or gets worse once, and is over."""


def is_allowed(kinds):
    """Whether it is one of these, without its middle, or its end where the week is over."""
    return any(kinds in {whole, whole[:2], whole[:1], (whole[0], whole[2])} for whole in LONGEST)


@pytest.mark.parametrize("fleet", [OUTAGES, BY_LOT[0]], ids=lambda fleet: fleet.name)
def test_an_incident_opens_widens_once_and_ends(fleet):
    heard = messages(fleet, seed=1, weeks=1.0)
    told = stories(heard)
    assert len(told) >= 4
    assert [each.kinds for each in told if not is_allowed(each.kinds)] == []
    if fleet is OUTAGES:
        kinds = {notice.kind for notice in heard}
        assert {"edited", "updated"} <= kinds
        scopes = {notice.incident.scope for notice in heard}
        assert {"model", "provider"} <= scopes


def test_what_comes_and_goes_pages_nobody_and_is_told_of_no_eval_set_twice():
    """Of three seeds the one with the most: two samples that a longer outage took along, and one
    that limped for four hours, the last of its eval set."""
    told = stories(messages(FLAPPING, seed=2, weeks=1.0))
    limping = [each for each in told if each.notices[0].incident.verdict is Verdict.DEGRADED]
    assert len(limping) <= 1
    assert len(told) - len(limping) <= 2
    assert all(each.kinds == ("opened", "resolved") for each in told)
    assert {each.notices[0].incident.severity for each in told} <= {"warning"}
    names = [name for each in told for name in each.notices[0].incident.eval_sets]
    assert len(names) == len(set(names))
