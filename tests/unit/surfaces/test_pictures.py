"""Pictures to scale: every mark within its picture, in order, as wide as it lasted."""

from hypothesis import given
from hypothesis import strategies as st

from watchdog.model.instants import timestamp
from watchdog.model.parts import Attempt, Moment, OpenCallItem, SampleStrip
from watchdog.model.verdict import Cause
from watchdog.surfaces.web.pictures import LEAST, WIDTH, Span, marks, strip_picture, timeline

NOW = 1_795_420_800.0
instants = st.floats(NOW - 3e6, NOW + 3e6)
spans = st.lists(
    st.tuples(instants, st.floats(0, 1e6)).map(lambda pair: Span(pair[0], sum(pair), "ok", "x"))
)


@given(spans, instants, st.floats(1e-3, 1e7))
def test_all_marks_are_inside_in_order_and_to_scale(given_spans, begin, seconds):
    end = begin + seconds
    drawn = marks(given_spans, begin, end)
    assert all(mark.x >= 0 and mark.width > 0 for mark in drawn)
    assert all(mark.x + mark.width <= WIDTH + 0.02 for mark in drawn)
    places = [mark.x for mark in drawn]
    assert places == sorted(places)
    inside = [span for span in given_spans if span.begin <= end and span.end >= begin]
    assert len(drawn) == len(inside)
    for span, mark in zip(sorted(inside), drawn, strict=True):
        shown = min(end, span.end) - max(begin, span.begin)
        assert mark.width >= LEAST - 0.01
        if shown / seconds * WIDTH > LEAST:
            assert abs(mark.width - shown / seconds * WIDTH) < 0.02 + LEAST


def test_of_no_time_there_is_no_picture():
    assert marks([Span(1, 2, "ok", "x")], 5, 5) == ()
    assert marks([Span(1, 2, "ok", "x")], 5, 4) == ()


def attempt(at, ok, began=None):
    cause = None if ok else Cause.API_SERVER_ERROR
    return Attempt(timestamp(at), ok, cause, timestamp(began))


def strip(*attempts, pending=(), wait_since=None):
    return SampleStrip("T", "1", 1, attempts, pending, timestamp(wait_since))


def test_a_strip_has_attempts_over_waits_to_scale():
    picture = strip_picture(
        strip(
            attempt(NOW - 1000, True),
            attempt(NOW - 800, False),
            attempt(NOW - 400, False),
            wait_since=NOW - 400,
        ),
        NOW,
    )
    assert [(mark.look, mark.x) for mark in picture.over] == [
        ("ok", 0),
        ("fail", 200),
        ("fail", 600),
    ]
    assert [(mark.x, mark.width) for mark in picture.under] == [(200, 400), (600, 400)]
    assert (
        picture.over[1].title
        == "FAIL 2026-11-23 07:46 UTC: model API answers with server errors (5xx)"
    )
    assert picture.says.startswith(
        "2 failed and 1 answered attempts; until the next attempt: 6 min"
    )


def test_a_pending_call_reaches_until_now():
    call = OpenCallItem("tool", "bash\u202e", timestamp(NOW - 500))
    picture = strip_picture(strip(attempt(NOW - 1000, True, NOW - 900), pending=(call,)), NOW)
    (pending,) = picture.under
    assert (pending.look, pending.x, pending.width) == ("pending", 500, 500)
    assert pending.title == "tool bash, pending 8 min"


def test_of_nothing_known_there_is_no_strip():
    assert strip_picture(strip(), NOW) is None
    assert strip_picture(strip(Attempt(None, True)), NOW) is None


def test_a_timeline_has_a_line_for_each_sort():
    drawn = timeline(
        (
            Moment(timestamp(NOW - 1000), "started", "started"),
            Moment(timestamp(NOW - 600), "stuck", "stuck", lasts=True),
            Moment(
                timestamp(NOW - 500), "pod_event", "Pod/x: BackOff", timestamp(NOW - 100), count=7
            ),
        ),
        NOW,
    )
    assert [lane.name for lane in drawn.lanes] == ["Work", "Pods"]
    work, pods = drawn.lanes
    assert [(mark.x, mark.width, mark.look) for mark in work.under] == [(400, 600, "fail")]
    assert [mark.x for mark in work.over] == [0]
    assert [(mark.x, mark.width) for mark in pods.under] == [(500, 400)]
    assert pods.under[0].title == "2026-11-23 07:51 UTC: Pod/x: BackOff, 7 times"
    assert timeline((), NOW) is None
