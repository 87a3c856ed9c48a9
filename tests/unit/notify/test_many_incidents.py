"""Deciding on many incidents: each is compared with few, and with all that may be the same."""

from hypothesis import given
from hypothesis import strategies as st

from tests.builders.calls import calls_of
from tests.builders.ledger_entries import ledger_entry
from watchdog.model.report import IncidentReport, Report, Snapshot
from watchdog.model.verdict import Cause, Verdict
from watchdog.notify.decide import decide
from watchdog.notify.decide.continuity import Akin, continues

NAMES = st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(tuple)
INCIDENTS = st.lists(
    st.builds(
        lambda number, scope, subject, cause, sets, models, died: IncidentReport(
            str(number), scope, subject, cause, None, sets, "", models=models, runner_died=died
        ),
        st.integers(0, 5),
        st.sampled_from(["sample", "eval_set", "model"]),
        st.sampled_from(["x", "y"]),
        st.sampled_from([Cause.AUTH, Cause.RUNNER_GONE, Cause.EVICTED]),
        NAMES,
        NAMES,
        st.booleans(),
    ),
    max_size=6,
)


@given(INCIDENTS, INCIDENTS)
def test_all_that_continue_another_are_among_those_that_are_like_it(standing, others):
    akin = Akin(standing)
    for other in others:
        expected = [one for one in standing if continues(one, other)]
        assert [one for one in akin.like(other) if continues(one, other)] == expected


def _calls(count: int) -> int:
    """The calls of deciding on so many incidents of one eval set each, that all stand."""
    incidents = tuple(
        IncidentReport(str(n), "eval_set", f"set-{n}", Cause.AUTH, None, (f"set-{n}",), "")
        for n in range(count)
    )
    report = Report(None, Verdict.STUCK, None, (), incidents, ())
    entries = {incident.id: ledger_entry(incident, 0.0) for incident in incidents}
    snapshot = Snapshot(1000.0, report, (), frozenset())
    return calls_of(lambda: decide(snapshot, entries, 1000.0, True))


def test_the_work_grows_with_the_incidents_not_with_their_pairs():
    assert _calls(200) <= 4.5 * _calls(50)
