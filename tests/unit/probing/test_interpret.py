"""The guide's table, and the cases that it leaves out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.probe_results import MODEL, NOW, direct, middleman, result
from watchdog.model.probe import Meaning, ProbeOutcome
from watchdog.probing.interpret import conclude
from watchdog.probing.steps import STEPS, steps
from watchdog.probing.view import Situation

FAILING = Situation(last_failed_at=NOW + 60)
ALL_PASS = (middleman("ok"), direct("ok"), middleman("ok", "large"), direct("ok", "large"))

GUIDE = {
    "all tests pass": (ALL_PASS, Meaning.CONTENT, "high"),
    "Middleman fails, direct works": (
        (middleman("server_error"), direct("ok")),
        Meaning.MIDDLEMAN,
        "high",
    ),
    "both fail": ((middleman("server_error"), direct("server_error")), Meaning.PROVIDER, "high"),
    "large fails with 400": (
        (*ALL_PASS[:2], middleman("refused", "large"), direct("refused", "large")),
        Meaning.TOKEN_LIMIT,
        "medium",
    ),
    "large is too long": (
        (*ALL_PASS[:2], middleman("too_long", "large"), direct("too_long", "large")),
        Meaning.TOKEN_LIMIT,
        "high",
    ),
    "large fails with 500": (
        (*ALL_PASS[:2], middleman("server_error", "large"), direct("server_error", "large")),
        Meaning.LARGE_FAILS,
        "high",
    ),
}

BEYOND = {
    "the token for Middleman": (
        (middleman("unauthenticated"), direct("ok")),
        Situation(auth=True),
        Meaning.TOKEN_EXPIRED,
        "high",
    ),
    "our own token, not the samples'": (
        (middleman("unauthenticated"), direct("ok")),
        FAILING,
        Meaning.TOKEN_EXPIRED,
        "low",
    ),
    "no access": (
        (middleman("forbidden"), direct("ok")),
        Situation(auth=True),
        Meaning.NO_ACCESS,
        "high",
    ),
    "model gone": (
        (middleman("not_found"), direct("not_found")),
        FAILING,
        Meaning.MODEL_GONE,
        "high",
    ),
    "model unknown to Middleman": (
        (middleman("not_found"), direct("ok")),
        FAILING,
        Meaning.MIDDLEMAN,
        "high",
    ),
    "rate limit": (
        (middleman("rate_limited", again_at=NOW + 60), direct("rate_limited")),
        FAILING,
        Meaning.RATE_LIMIT,
        "high",
    ),
    "Middleman's own rate limit": (
        (middleman("rate_limited"), direct("ok")),
        FAILING,
        Meaning.RATE_LIMIT,
        "high",
    ),
    "a quota that is used up": (
        (middleman("quota"), direct("quota")),
        FAILING,
        Meaning.QUOTA,
        "medium",
    ),
    "Middleman's quota is used up": (
        (middleman("quota"), direct("ok")),
        FAILING,
        Meaning.QUOTA,
        "medium",
    ),
    "only our own direct key has no credit": (
        (middleman("server_error"), direct("quota")),
        FAILING,
        Meaning.PROVIDER_OR_MIDDLEMAN,
        "low",
    ),
    "the credit doesn't suffice for large requests": (
        (*ALL_PASS[:2], middleman("quota", "large"), direct("quota", "large")),
        FAILING,
        Meaning.QUOTA,
        "high",
    ),
    "time-out on one route": (
        (middleman("timeout"), direct("ok")),
        FAILING,
        Meaning.MIDDLEMAN,
        "high",
    ),
    "time-out on both": (
        (middleman("timeout"), direct("timeout")),
        FAILING,
        Meaning.PROVIDER,
        "high",
    ),
    "TLS": ((middleman("tls"), direct("tls")), FAILING, Meaning.UNREACHABLE, "medium"),
    "DNS": ((middleman("dns"), direct("connection")), FAILING, Meaning.UNREACHABLE, "medium"),
    "DNS of Middleman": ((middleman("dns"), direct("ok")), FAILING, Meaning.MIDDLEMAN, "high"),
    "no way out but Middleman": (
        (middleman("server_error"), direct("connection")),
        FAILING,
        Meaning.PROVIDER_OR_MIDDLEMAN,
        "low",
    ),
    "the direct key is refused": (
        (middleman("server_error"), direct("unauthenticated")),
        FAILING,
        Meaning.PROVIDER_OR_MIDDLEMAN,
        "low",
    ),
    "only Middleman could be tested": (
        (middleman("server_error"), direct("not_tested", detail="no key")),
        FAILING,
        Meaning.PROVIDER_OR_MIDDLEMAN,
        "low",
    ),
    "only the provider could be tested": (
        (middleman("not_tested", detail="no address"), direct("server_error")),
        FAILING,
        Meaning.PROVIDER,
        "medium",
    ),
    "nothing could be tested": (
        (middleman("not_tested", detail="no address"), direct("not_tested", detail="no key")),
        FAILING,
        Meaning.NOT_TESTED,
        "low",
    ),
    "small passes, large times out": (
        (*ALL_PASS[:2], middleman("timeout", "large"), direct("timeout", "large")),
        FAILING,
        Meaning.LARGE_TIMES_OUT,
        "high",
    ),
    "large fails through Middleman only": (
        (*ALL_PASS[:2], middleman("server_error", "large"), direct("ok", "large")),
        FAILING,
        Meaning.MIDDLEMAN,
        "high",
    ),
    "large meets the limit of tokens": (
        (*ALL_PASS[:2], middleman("rate_limited", "large"), direct("ok", "large")),
        FAILING,
        Meaning.RATE_LIMIT,
        "medium",
    ),
    "large is not tested": (ALL_PASS[:2], FAILING, Meaning.SMALL_PASSES, "low"),
    "garbage from Middleman": (
        (middleman("garbage", status=200), direct("ok")),
        FAILING,
        Meaning.MIDDLEMAN,
        "high",
    ),
    "a request of wrong form": (
        (middleman("refused"), direct("refused")),
        FAILING,
        Meaning.REFUSED,
        "medium",
    ),
    "flaky": (
        tuple(
            middleman(outcome, at=NOW + 60 * place)
            for place, outcome in enumerate(("ok", "server_error", "ok"))
        ),
        FAILING,
        Meaning.FLAKY,
        "medium",
    ),
    "a call that hangs while the API answers": (
        ALL_PASS,
        Situation(hanging=1),
        Meaning.CONTENT,
        "medium",
    ),
    "tests by hand": (ALL_PASS, Situation(failing=False), Meaning.WORKS, "high"),
}


@pytest.mark.parametrize(("results", "meaning", "confidence"), GUIDE.values(), ids=GUIDE.keys())
def test_the_guide_s_table(results, meaning, confidence):
    found = conclude(MODEL, results, FAILING, NOW + 120)
    assert (found.meaning, found.confidence) == (meaning, confidence)
    assert found.results == results
    assert found.at == NOW


@pytest.mark.parametrize(
    ("results", "situation", "meaning", "confidence"), BEYOND.values(), ids=BEYOND.keys()
)
def test_what_the_guide_leaves_out(results, situation, meaning, confidence):
    found = conclude(MODEL, results, situation, NOW + 300)
    assert (found.meaning, found.confidence) == (meaning, confidence)


def test_the_sentence_for_the_page():
    results = (middleman("server_error"), direct("ok", seconds=1.2))
    sentence = conclude(MODEL, results, FAILING, NOW).sentence
    assert sentence == "Middleman fails (502), provider direct works (200, 1.2 s): Middleman."


def test_the_sentence_names_size_reset_and_what_was_not_tested():
    large = conclude(MODEL, GUIDE["large fails with 500"][0], FAILING, NOW).sentence
    assert "as large as the failing request (about 45,000 tokens): Middleman fails (502)" in large
    limited = conclude(MODEL, BEYOND["rate limit"][0], FAILING, NOW).sentence
    assert "again at 1970-01-01 02:47 UTC" in limited
    assert limited.endswith("the rate limit.")
    untested = conclude(MODEL, BEYOND["nothing could be tested"][0], FAILING, NOW).sentence
    assert untested.startswith("Middleman not tested (no address), provider direct not tested")


OUTAGE = (
    middleman("server_error", at=NOW - 600),
    direct("server_error", at=NOW - 600),
    middleman("ok"),
    direct("ok"),
)


def test_a_provider_that_is_back_while_samples_wait_is_said_with_the_next_attempt():
    waits = Situation(shared=True, last_failed_at=NOW - 900, next_attempt_at=NOW + 840, waiting=12)
    found = conclude(MODEL, OUTAGE, waits, NOW)
    assert (found.meaning, found.next_attempt_at) == (Meaning.BACK, NOW + 840)
    assert "12 samples wait in back-off and can't know yet" in found.sentence
    assert "(in 14 min)" in found.sentence
    assert steps(found)[0].told.startswith(
        "Nothing to do: Inspect retries these samples by itself, the"
    )


def test_a_sample_s_own_trouble_is_back_only_where_a_test_failed_before():
    waits = Situation(last_failed_at=NOW - 900, next_attempt_at=NOW + 840, waiting=1)
    assert conclude(MODEL, OUTAGE, waits, NOW).meaning is Meaning.BACK
    assert conclude(MODEL, ALL_PASS, waits, NOW).meaning is Meaning.CONTENT


def test_it_is_not_back_where_an_attempt_failed_since():
    tried = Situation(shared=True, last_failed_at=NOW + 600, next_attempt_at=NOW + 900, waiting=1)
    found = conclude(MODEL, (*OUTAGE, *ALL_PASS), tried, NOW + 700)
    assert (found.meaning, found.confidence) == (Meaning.CONTENT, "high")


def test_what_was_measured_is_not_lost_when_it_can_not_be_repeated():
    results = (
        middleman("server_error"),
        direct("ok"),
        middleman("not_tested", at=NOW + 60, detail="the budget of 4 requests an hour is spent"),
    )
    found = conclude(MODEL, results, FAILING, NOW + 90)
    assert found.meaning is Meaning.MIDDLEMAN
    assert found.at == NOW


def test_a_route_that_passes_again_and_stays_so_is_not_flaky():
    outcomes = ("ok", "server_error", *["ok"] * 6)
    results = [middleman(o, at=NOW + 60 * n) for n, o in enumerate(outcomes)]
    assert conclude(MODEL, results, FAILING, NOW).meaning is not Meaning.FLAKY


def test_every_meaning_has_steps_and_an_example():
    assert set(STEPS) == set(Meaning)
    shown = {case[1] for case in GUIDE.values()} | {case[2] for case in BEYOND.values()}
    assert set(Meaning) - shown == {Meaning.BACK, Meaning.LARGE_REFUSED}


RESULTS = st.builds(
    result,
    st.sampled_from(["middleman", "direct"]),
    st.sampled_from(list(ProbeOutcome)),
    st.sampled_from(["small", "large"]),
    st.floats(0, 1e6),
)
SITUATIONS = st.builds(
    Situation,
    failing=st.booleans(),
    shared=st.booleans(),
    last_failed_at=st.none() | st.floats(0, 1e6),
    next_attempt_at=st.none() | st.floats(0, 1e6),
    waiting=st.integers(0, 50),
    hanging=st.integers(0, 3),
    auth=st.booleans(),
)


@given(st.lists(RESULTS, max_size=12), SITUATIONS, st.floats(0, 1e6))
def test_whatever_comes_back_there_is_one_sentence(results, situation, now):
    found = conclude(MODEL, results, situation, now)
    assert found.sentence.endswith(".")
    assert "\n" not in found.sentence
    blamed = found.meaning is not Meaning.NOT_TESTED
    assert blamed == any(each.tested for each in results)
    assert steps(found) is not None
