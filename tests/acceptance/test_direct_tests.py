"""From a recorded stuck eval through the direct API tests to the sentence in report and Slack."""

import pytest

from tests.acceptance.tested_service import plain
from tests.doubles.providers import (
    Cut,
    Forbidden,
    Garbage,
    Gone,
    Hang,
    Overloaded,
    RateLimited,
    Redirect,
    Status,
    TooLong,
    Unauthorized,
    direct,
    large,
    refusing,
)
from watchdog.model.probe import Meaning

LARGE = large(60)
"""The recorded request has some 130 tokens, the small one some 10."""


def on(*faults):
    """Faults as (server, fault, when)."""

    def inflict(world):
        for server, fault, when in faults:
            getattr(world, server).fault(fault, when=when)

    return inflict


CASES = {
    "all pass": (on(), Meaning.CONTENT, "this request's content, or a bug in Inspect."),
    "Middleman fails": (
        on(("middleman", Status(502), None)),
        Meaning.MIDDLEMAN,
        "Middleman fails (502), provider direct works (200, ",
    ),
    "both fail": (on(("openai", Status(500), None)), Meaning.PROVIDER, "the provider's API."),
    "large fails with 400": (
        on(("openai", TooLong(), LARGE)),
        Meaning.TOKEN_LIMIT,
        "the request is longer than the model takes.",
    ),
    "large fails with 500": (
        on(("openai", Status(500), LARGE)),
        Meaning.LARGE_FAILS,
        "the provider's bug with large contexts; a 5xx is no token limit.",
    ),
    "large hangs": (
        on(("openai", Hang(), LARGE)),
        Meaning.LARGE_TIMES_OUT,
        "large requests take longer than",
    ),
    "large fails through Middleman only": (
        on(("middleman", Status(504), LARGE)),
        Meaning.MIDDLEMAN,
        "Middleman, with large requests.",
    ),
    "Middleman hangs": (on(("middleman", Hang(), None)), Meaning.MIDDLEMAN, "gives no answer"),
    "Middleman cuts": (on(("middleman", Cut(), None)), Meaning.MIDDLEMAN, "gets no connection"),
    "Middleman shows a log-in page": (
        on(("middleman", Garbage("html"), None)),
        Meaning.MIDDLEMAN,
        "answers with something else",
    ),
    "Middleman redirects": (
        on(("middleman", Redirect("http://127.0.0.1:9"), None)),
        Meaning.MIDDLEMAN,
        "redirects elsewhere (302)",
    ),
    "Middleman's token": (
        on(("middleman", Unauthorized(), None)),
        Meaning.TOKEN_EXPIRED,
        "the watchdog's own token for Middleman has expired or is not valid.",
    ),
    "Middleman denies": (
        on(("middleman", Forbidden(), None)),
        Meaning.NO_ACCESS,
        "is valid and has no access to the model.",
    ),
    "model gone": (on(("openai", Gone(), None)), Meaning.MODEL_GONE, "the model is gone"),
    "rate limit": (
        on(("openai", RateLimited(360), None)),
        Meaning.RATE_LIMIT,
        "the rate limit, which ends at ",
    ),
    "our key is refused": (
        on(("openai", Unauthorized(), direct), ("middleman", Status(502), None)),
        Meaning.PROVIDER_OR_MIDDLEMAN,
        "the direct way is closed from here.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_every_row_of_the_table_reaches_report_and_slack(service, world, slack, case):
    inflict, meaning, words = case
    inflict(world)
    watching = service(probes={"timeout": 1.0})
    await watching.look(3)
    assert watching.conclusion.meaning is meaning, watching.conclusion
    assert words in watching.conclusion.sentence
    (eval_set,) = watching.app.snapshot.report.eval_sets
    assert words in eval_set.summary
    assert [item.kind for item in eval_set.evidence].count("probe") == 1
    (message,) = slack.messages
    assert plain(words) in plain(message)
    tested = [each for each in watching.conclusion.tests if each.outcome != "not_tested"]
    assert len(tested) == len(watching.app.snapshot.tests)


async def test_anthropic_s_529_on_both_ways(service, world):
    world.anthropic.fault(Overloaded())
    watching = service(api="anthropic")
    await watching.look(3)
    assert watching.conclusion.meaning is Meaning.PROVIDER
    assert "Middleman fails (529), provider direct fails (529)" in watching.conclusion.sentence


async def test_nobody_listens_and_no_name_is_known(service):
    with refusing() as url:
        watching = service(probes={"middleman_url": url})
        await watching.look(3)
    assert watching.conclusion.meaning is Meaning.MIDDLEMAN
    assert "Middleman gets no connection" in watching.conclusion.sentence


async def test_a_flaky_api_is_said_after_a_few_rounds(service, world):
    watching = service()
    for place, fault in enumerate((Status(502), None, Status(502))):
        world.clear()
        if fault is not None:
            world.middleman.fault(fault)
        watching.playback.play(3)
        watching.playback.now += 600 * place
        await watching.look()
    assert watching.conclusion.meaning is Meaning.FLAKY
    assert "1 of the last 3 small tests through Middleman pass" in watching.conclusion.sentence


async def test_an_outage_is_the_provider_s_until_it_is_back_which_samples_do_not_know_yet(
    service, world
):
    watching = service("outage_40min", detection={"false_pages_per_week": 20})
    world.openai.fault(Status(500))
    await watching.look(2)
    assert watching.conclusion.meaning is Meaning.PROVIDER
    world.clear()
    await watching.look(3)
    assert watching.conclusion.meaning is Meaning.BACK
    assert "3 samples wait in back-off and can't know yet" in watching.conclusion.sentence
    assert "the next attempt is due at 2026-11-20 08:02 UTC (in " in watching.conclusion.sentence
    assert watching.conclusion.next_attempt_at.startswith("2026-11-20T08:02:")
    assert watching.incident.actions[0].startswith("Nothing to do: Inspect retries these samples")


async def test_nobody_is_woken_for_a_provider_that_is_back(service, slack):
    watching = service("outage_40min", detection={"false_pages_per_week": 20})
    await watching.look(3)
    assert watching.conclusion.meaning is Meaning.BACK
    await watching.look(4)
    assert watching.app.snapshot.report.incidents == ()
    assert slack.messages == []


async def test_with_the_budget_spent_nothing_goes_out_and_the_report_says_why(
    service, world, slack
):
    watching = service(probes={"tokens_per_hour": 0})
    await watching.look(3)
    assert not world.openai.requests
    assert not world.middleman.requests
    assert watching.conclusion.meaning is Meaning.NOT_TESTED
    assert "the budget of 0 tokens an hour is spent" in watching.conclusion.sentence
    (message,) = slack.messages
    assert "the budget of 0 tokens an hour is spent" in plain(message)


async def test_a_request_is_no_larger_than_what_fails_and_holds_none_of_it(service, world):
    watching = service()
    await watching.look(3)
    sent = [request for request in world.openai.requests if direct(request)]
    assert max(request.tokens for request in sent) < 200
    assert not [request for request in sent if "port 8080" in str(request.body)]


async def test_the_failing_request_itself_is_sent_where_that_was_asked_for(service, world):
    watching = service(probes={"replay": True})
    await watching.look(3)
    assert [request for request in world.openai.requests if "port 8080" in str(request.body)]


async def test_nothing_is_tested_while_all_is_well(service, world):
    watching = service()
    await watching.look(0)
    assert not world.openai.requests
    assert watching.app.snapshot.tests == ()
