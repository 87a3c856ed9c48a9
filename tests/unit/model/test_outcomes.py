"""Outcomes in columns say what the records say that they were made of."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders.weight import weight
from watchdog.fold.outcomes import RecentOutcomes
from watchdog.model.outcomes import Outcome, Outcomes, digest, last_of
from watchdog.model.state import RECENT, RETIRED_MAX, SampleState
from watchdog.model.verdict import Cause

INSTANTS = st.none() | st.floats(0, 2e9)
CAUSES = st.sampled_from([None, Cause.AUTH, Cause.RATE_LIMITED, Cause.API_SERVER_ERROR])
ONES = st.builds(
    lambda cause, at, model, number, began: Outcome(
        cause is None, at, cause, model, f"e{number}", began if cause is None else None
    ),
    CAUSES,
    INSTANTS,
    st.sampled_from(["openai/gpt-4o", "anthropic/claude", "grader"]),
    st.integers(0, 10**9),
    st.none() | st.floats(0, 2e9),
)
MANY = st.lists(ONES, max_size=60).map(tuple)


def _bare(outcomes) -> tuple[Outcome, ...]:
    return tuple(outcome._replace(event_id="") for outcome in outcomes)


@settings(deadline=None)
@given(MANY, st.slices(60))
def test_it_reads_like_the_tuple(records, places):
    outcomes = Outcomes.of(records)
    bare = _bare(records)
    assert tuple(outcomes) == bare
    assert outcomes[places] == bare[places]
    assert [outcomes[place] for place in range(-len(bare), len(bare))] == [*bare, *bare]
    assert tuple(reversed(outcomes)) == bare[::-1]
    assert (len(outcomes), bool(outcomes)) == (len(bare), bool(bare))
    assert [outcomes.index(record) for record in bare] == [bare.index(record) for record in bare]
    assert all(record in outcomes for record in bare)
    assert Outcome(True, -1.0, None, "another") not in outcomes
    assert outcomes == records
    assert outcomes == Outcomes.of(list(records))
    assert hash(outcomes) == hash(Outcomes.of(records))
    assert (outcomes != records) is False
    assert (outcomes != (*records, Outcome(True, 1.0, None, "m", "e"))) is True


@settings(deadline=None)
@given(MANY)
def test_its_columns_say_the_same(records):
    outcomes = Outcomes.of(records)
    assert outcomes.oks == [record.ok for record in records]
    assert outcomes.any_ok == any(record.ok for record in records)
    assert outcomes.models == {record.model for record in records}
    times: dict = {}
    sent: dict = {}
    for record in records:
        if record.at is not None:
            times.setdefault((record.model, record.cause), []).append(record.at)
            if record.ok:
                at = record.began or record.at
                sent[record.model] = max(sent.get(record.model, at), at)
    assert dict(outcomes.by_kind()) == times
    latest: dict = {}
    for model, at in outcomes.sent():
        latest[model] = max(latest.get(model, at), at)
    assert latest == sent
    moved = outcomes.moved(5.0)
    assert [o.at for o in moved] == [None if r.at is None else r.at + 5.0 for r in records]
    assert (moved.digests, [o.began for o in moved]) == (
        outcomes.digests,
        [r.began for r in records],
    )


@settings(deadline=None)
@given(MANY)
def test_it_comes_back_from_bytes(records):
    outcomes = Outcomes.of(records)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(outcomes), type=Outcomes)
    assert again == outcomes
    assert again.kinds is outcomes.kinds or len(outcomes.kinds) > 4


@settings(deadline=None)
@given(st.lists(MANY, max_size=6))
def test_of_several_the_last_stay(parts):
    outcomes = last_of(map(Outcomes.of, parts), 100)
    assert tuple(outcomes) == _bare([record for part in parts for record in part][-100:])
    assert not outcomes.digests


def test_as_many_kinds_as_outcomes():
    def one(number: int) -> Outcome:
        return Outcome(True, float(number), None, f"model-{number}", str(number))

    parts = [Outcomes.of(map(one, range(n, n + 50))) for n in range(0, 1000, 50)]
    kept = last_of(parts, RETIRED_MAX)
    assert [outcome.model for outcome in kept] == [f"model-{n}" for n in range(744, 1000)]
    recent = RecentOutcomes(Outcomes())
    for number in range(1000):
        recent.append(float(number), None, f"model-{number}", str(number), None)
    done = recent.done()
    assert [outcome.model for outcome in done] == [f"model-{n}" for n in range(950, 1000)]
    assert len(done.kinds) == RECENT


@settings(deadline=None)
@given(MANY, MANY, st.data())
def test_folding_changes_what_it_is_about(before, after, data):
    """Held against lists of records, as they were kept before."""
    recent, records = RecentOutcomes(Outcomes.of(before)), list(before)
    for record in after:
        recent.append(record.at, record.cause, record.model, record.event_id, record.began)
        records.append(record)
        if data.draw(st.booleans()):
            some = data.draw(st.sampled_from(records))
            place = recent.place_of(some.event_id)
            assert place is not None
            assert records[place].event_id == some.event_id
            assert recent.has_failed(place) == (not records[place].ok)
            if data.draw(st.booleans()):
                assert recent.forget(place) == records.pop(place).cause
            else:
                recent.ended_at(place, 7.0)
                records[place] = records[place]._replace(at=7.0)
    assert recent.place_of("none of these") is None
    assert recent.done() == tuple(records[-RECENT:] if after else records)


def test_a_digest_is_found_only_where_one_begins():
    records = [Outcome(True, float(n), None, "m", f"e{n}") for n in range(50)]
    recent = RecentOutcomes(Outcomes.of(records))
    recent._digests = recent._digests[:3] + digest("askew") + recent._digests[11:]
    assert recent.place_of("askew") is None
    assert recent.place_of("e9") == 9


def test_a_state_takes_records_too():
    records = (Outcome(True, 1.0, None, "m", "e"),)
    sample = SampleState(key=("1", 1), recent=records)
    assert isinstance(sample.recent, Outcomes)
    sample = msgspec.structs.replace(sample, recent=(*sample.recent, *records))
    assert isinstance(sample.recent, Outcomes)
    assert len(sample.recent) == 2


def test_fifty_outcomes_take_less_than_a_kilobyte():
    model = "openai/gpt-4o"
    shared = Outcomes.of([Outcome(True, 1.0, None, model, "e")])
    outcomes = Outcomes.of([Outcome(True, float(n), None, model, f"e{n}") for n in range(50)])
    assert weight([outcomes], [shared]) < 960
    anonymous = last_of([outcomes] * 6, RETIRED_MAX)
    assert weight([anonymous], [shared]) < 10 * RETIRED_MAX
