"""Runs of failed attempts on a sample's page: told together, how many, from when to when."""

from tests.builders.inside import detail
from tests.builders.snapshots import NOW, ago, eval_set, snapshot
from watchdog.config.links import Links
from watchdog.model.samples import SampleEvent
from watchdog.model.verdict import Cause
from watchdog.surfaces.event_runs import FEW, Run, runs
from watchdog.surfaces.web.health import Health
from watchdog.surfaces.web.inside_pages import sample_page
from watchdog.surfaces.web.templating import PageContext

HEALTH = Health(seconds_since_turn=0.0, first_complete_poll=True)
FRAME = PageContext(HEALTH, NOW, 30, "../../../")


def failed(number, error="Error code: 500"):
    at = 90_000 - 1800 * number
    cause = Cause.API_SERVER_ERROR
    attempt = SampleEvent(ago(at), None, None, "model", "gpt", "failed", cause, error)
    return attempt, SampleEvent(ago(at), ago(at - 1800), 1800.0, "wait", "gpt")


EVENTS = tuple(event for number in range(45) for event in failed(number))
WELL = SampleEvent(ago(5), ago(1), 4.0, "model", "gpt", "ok")


def test_attempts_that_fail_in_a_row_are_one():
    found = list(runs((WELL, *EVENTS, WELL)))
    assert [type(one) for one in found] == [SampleEvent, Run, SampleEvent]
    run = found[1]
    assert (len(run.attempts), run.waited) == (45, "30 min")
    assert (run.first.at, run.last.at) == (ago(90_000), ago(90_000 - 1800 * 44))
    assert run.faults == [(Cause.API_SERVER_ERROR, "Error code: 500")]


def test_few_of_them_stand_each_by_itself():
    some = EVENTS[: 2 * FEW]
    assert list(runs(some)) == list(some)
    assert list(runs(EVENTS, 0)) == list(EVENTS)


def test_a_page_tells_them_in_one_row():
    view = snapshot(eval_set("set"))
    told = detail("set", "7", events=(*EVENTS, WELL))
    html = sample_page(told, view, FRAME, Links())
    assert html.count("Error code: 500") == 1
    assert '<span class="fail">FAIL</span> 45 times' in html
    assert "waits of 30 min between them" in html
    assert 'datetime="2026-11-22T07:00:00.000Z"' in html


def test_the_command_for_its_contents_can_be_pasted():
    view, frame = snapshot(eval_set("set")), FRAME
    for logs, words in (("/data/my logs", " --logs &#39;/data/my logs&#39;"), ("", "")):
        html = sample_page(detail("set", "7", logs=logs), view, frame, Links())
        assert f"watchdog transcript set 7/7/2{words} --content" in html
        assert ("where <code>kubernetes.store</code>" in html) is not bool(logs)
