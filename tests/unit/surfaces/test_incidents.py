"""Open and past incidents over HTTP: who sees which, page by page, with their history."""

import re
from urllib.parse import urljoin

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from tests.builders.kept_incidents import act, kept
from tests.builders.snapshots import NOW, ago, eval_set, incident, realistic, snapshot
from tests.doubles.desk import Desk
from tests.security.served import site
from watchdog.config.web import Web
from watchdog.model.access import Needs
from watchdog.model.kept_incidents import LifeEvent, OpenIncident, Told
from watchdog.surfaces.fleet.filters import FilterError
from watchdog.surfaces.incidents.asked import Asked, Place, asked_of
from watchdog.surfaces.web.access import Access
from watchdog.surfaces.web.incidents_seen import ROUNDS

API = "/api/v1/incidents"
ACME = {"authorization": "Bearer a-token-of-twenty-letters"}


def client(desk, read=realistic, **more):
    app = site(read, desk=desk, **more).app()
    return TestClient(app, base_url="http://localhost", follow_redirects=False)


def past(number, ended=60.0, **changes):
    usual = kept(
        incident=incident(id=f"i{number}", eval_sets=(f"gone-{number}",), since=ago(7200)),
        resolved_at=NOW - ended,
    )
    return replace(usual, **changes)


def standing(told, **changes):
    seen_as = changes.pop("seen_as", (told.id,))
    return OpenIncident(kept(incident=told, **changes), seen_as, "still_open")


def told_of(view):
    """The incidents of a snapshot, each told."""
    return [standing(one) for one in view.report.incidents]


def test_open_ones_come_first_then_past_ones_page_by_page():
    view = realistic()
    desk = Desk(told_of(view), [past(n, n * 10 + 1) for n in range(7)])
    web, seen, cursor = client(desk), [], ""
    while True:
        answer = web.get(f"{API}?limit=3{cursor}").json()
        seen += [(one["id"], one["state"]) for one in answer["incidents"]]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next'].replace(':', '%3A')}"
    ids = sorted((i.since, i.id) for i in view.report.incidents)[::-1]
    opened = [(name, "open") for _, name in ids]
    assert seen == [*opened, *((f"i{n}", "past") for n in range(7))]
    for state, wanted in (("open", 2), ("past", 7), ("all", 9)):
        assert len(web.get(f"{API}?state={state}").json()["incidents"]) == wanted


def test_filters_let_through_what_fits():
    desk = Desk(told_of(realistic()), [past(n) for n in range(3)])
    web = client(desk)
    ids = [one["id"] for one in web.get(f"{API}?q=GONE-1").json()["incidents"]]
    assert ids == ["i1"]
    assert web.get(f"{API}?cause=rate_limited").json()["incidents"] == []
    web.get(f"{API}?since=7d")
    assert desk.asked[-1].ended_after == NOW - 7 * 86_400
    web.get(f"{API}?since=2026-11-01T00:00:00Z")
    assert desk.asked[-1].ended_after == 1_793_491_200.0


@pytest.mark.parametrize(
    "query",
    ["state=x", "since=soon", "since=7", "cause=x", "cursor=x", "limit=0", "state=open&state=past"],
)
def test_what_is_none_is_refused(query):
    answer = client(Desk()).get(f"{API}?{query}")
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    if "limit" not in query:
        assert client(Desk()).get(f"/incidents?{query}").status_code == 400


@pytest.mark.parametrize(
    "text", ["p~x~1~a", "o~", "p~1.5~1", "q~1~1~a", "p~1e9999~1~a" + "x" * 999]
)
def test_a_cursor_that_is_none_is_refused(text):
    with pytest.raises(FilterError):
        asked_of([("cursor", text)])


def test_a_place_comes_back_as_it_was():
    for place in (Place(True, "1795420800.123457", 2, "a~b"), Place(False, ago(5), 0, "3f")):
        assert asked_of([("cursor", place.text)]).cursor == place


def test_the_page_lists_them_and_leads_on():
    view = realistic()
    web = client(Desk(told_of(view), [past(n, n + 1.0) for n in range(60)]))
    html = web.get("/incidents").text
    assert html.count('id="row-') == 50
    older = re.search(r'id="older" rel="next" href="([^"]*)"', html)[1].replace("&amp;", "&")
    rest = web.get(urljoin("http://localhost/", older)).text
    assert rest.count('id="row-') == 12
    assert 'id="newest"' in rest
    assert "No incident fits these filters" in web.get("/incidents?q=nothing").text
    nothing = client(Desk(), snapshot).get("/incidents").text
    assert "nothing that was is remembered" in nothing


def test_one_that_is_over_keeps_its_address_and_its_history():
    one = past(
        1,
        events=(LifeEvent("escalated", NOW - 900, "It is a page now"),),
        told=(
            Told("slack", "opened", NOW - 7200, NOW - 7190, "sent"),
            Told("pagerduty", "opened", NOW - 7200, None, "failed"),
        ),
        acts=(act(), act("judgement", at=NOW - 30, place=2)),
        absent_since=NOW - 120,
    )
    web = client(Desk((), [one]))
    answer = web.get(f"{API}/i1").json()
    assert answer["row"]["seconds"] == 7200 - 120
    assert [(item["kind"], item["who"]) for item in answer["history"]] == [
        ("began", ""),
        ("opened", ""),
        ("told", "pagerduty"),
        ("told", "slack"),
        ("acknowledgement", "ann (unverified)"),
        ("escalated", ""),
        ("unseen", ""),
        ("resolved", ""),
        ("judgement", "ann (unverified)"),
    ]
    html = web.get("/incidents/i1").text
    for part in ("It lasted 118 min", "Judged false", "To be told that it was opened: refused"):
        assert part in html


def test_the_last_opening_is_meant_unless_another_is_named():
    desk = Desk(told_of(realistic()), [past(1, 99, openings=3), past(1, 5, opening=3, openings=3)])
    web = client(desk)
    assert web.get(f"{API}/i1").json()["row"]["opening"] == 3
    assert web.get(f"{API}/i1?opening=1").json()["row"]["opening"] == 1
    assert web.get(f"{API}/i1?opening=2").status_code == 404
    for text in ("0", "x", "9999999999", "1&opening=2"):
        assert web.get(f"{API}/i1?opening={text}").status_code == 400
        assert web.get(f"/incidents/i1?opening={text}").status_code == 400
    assert 'href="../incidents/i1?opening=1"' in web.get("/incidents/i1").text


def test_an_id_that_the_snapshot_has_leads_to_what_was_told():
    view = realistic()
    first = view.report.incidents[0]
    desk = Desk([OpenIncident(kept(incident=replace(first, id="older")), (first.id,), "edit")])
    web = client(desk)
    for name in (first.id, "older"):
        assert web.get(f"{API}/{name}").json()["row"]["id"] == "older"
    assert 'href="incidents/older"' in web.get("/").text


def test_what_became_part_of_another_says_so_and_leads_there():
    one = past(1)
    part = replace(one, incident=replace(one.incident, part_of="whole"))
    whole = standing(incident(id="whole"), seen_as=("i1",), opening=1)
    view = snapshot(eval_set(), incidents=(incident(id="i1"),))
    web = client(Desk([whole], [part]), lambda: view)
    rows = web.get(API).json()["incidents"]
    assert [(row["id"], row["state"], row["part_of"]) for row in rows] == [
        ("whole", "open", ""),
        ("i1", "past", "whole"),
    ]
    for address in ("i1", "i1?opening=1"):
        answer = web.get(f"{API}/{address}").json()
        assert answer["row"]["part_of"] == "whole"
        assert answer["history"][-1]["text"] == "It became part of whole"
        html = web.get(f"/incidents/{address}").text
        assert 'It became part of <a href="../incidents/whole">another incident</a>' in html
        assert "Over" not in html
    assert web.get(f"{API}/whole").json()["row"]["part_of"] == ""
    assert 'part of <a href="incidents/whole">another</a>' in web.get("/incidents").text


def test_the_beginning_of_an_id_names_what_may_be_meant():
    web = client(Desk([standing(incident(id="13f2a9c41d07"), seen_as=())]))
    for address in (f"{API}/13f2a", "/incidents/13f2a"):
        answer = web.get(address)
        assert (answer.status_code, "did you mean 13f2a9c41d07?" in answer.text) == (404, True)
    assert "did you mean" not in web.get(f"{API}/13f").text + web.get("/incidents/x3f2").text


def test_a_page_says_why_what_is_not_seen_is_not_over():
    held = standing(incident(id="away"), seen_as=())
    web = client(Desk([OpenIncident(held.kept, (), "hold_half_read")]))
    assert "Still open: older events tell otherwise" in web.get("/incidents/away").text


def test_what_was_judged_a_moment_ago_is_what_the_ledger_has_open():
    first, second = realistic().report.incidents
    web = client(Desk((), [kept(3, incident=first), past(2, incident=second)]))
    assert web.get(f"{API}/{first.id}").json()["row"]["opening"] == 3
    assert web.get(f"{API}/{second.id}").json()["row"]["opening"] == 0


def test_what_is_not_seen_at_present_is_still_open():
    gone = standing(incident(id="away", eval_sets=("away",)), seen_as=(), absent_since=NOW - 60)
    answer = client(Desk([gone])).get(f"{API}/away").json()
    assert (answer["row"]["state"], answer["row"]["reason"]) == ("open", "still_open")
    assert answer["history"][-1]["kind"] == "unseen"


def test_a_ledger_that_can_not_be_read_is_said_and_hides_nothing_that_is_open():
    web = client(Desk(told_of(realistic()), flaw="the ledger can't be read"))
    words = "Past incidents can't be told: the ledger can&#39;t be read"
    assert words in web.get("/incidents").text
    assert len(web.get(API).json()["incidents"]) == 2
    assert web.get(f"{API}/i1").status_code == 503


def test_nothing_is_kept_where_there_is_no_ledger():
    web = client(None)
    assert len(web.get(API).json()["incidents"]) == 2
    assert web.get(f"{API}/nothing").status_code == 404


def secret(name, groups=("acme",), **changes):
    return eval_set(name, model_groups=groups, models=("acme/m",), **changes)


def access(groups=("other",), **more):
    token = {"name": "ann", "token": ACME["authorization"][7:], "groups": groups}
    return Access(Web(tokens=[token], **more), lambda: NOW)


@pytest.mark.parametrize(
    ("one", "groups", "seen"),
    [
        (past(1, needs=Needs(("acme",))), ("other",), False),
        (past(1, needs=Needs(("acme",))), ("acme",), True),
        (past(1, needs=Needs(("acme", "more"))), ("acme",), False),
        (past(1, needs=Needs(("acme",))), ("*",), True),
        (past(1, needs=Needs()), ("other",), True),
        (past(1, needs=None), ("other",), True),
        (past(1, needs=None, incident=incident(id="i1", secret_models=("acme/m",))), ("o",), False),
        (past(1, needs=Needs(), incident=incident(id="i1", eval_sets=("now",))), ("o",), False),
    ],
)
def test_a_past_one_is_there_for_who_may_see_all_of_it(one, groups, seen):
    view = snapshot(secret("now"))
    web = client(Desk((), [one]), lambda: view, access=access(groups))
    for path in (f"{API}/i1", "/incidents/i1", "/incidents/i1/actions"):
        answer = web.get(path, headers=ACME)
        assert answer.status_code == (200 if seen else 404), path
        assert seen or "gone-1" not in answer.text
    rows = web.get(API, headers=ACME).json()["incidents"]
    assert bool(rows) is seen


def test_of_what_nothing_says_who_may_see_it_the_setting_decides():
    one = past(1, needs=Needs(unlabelled=True))
    for unlabelled, status in (("show", 200), ("hide", 404)):
        web = client(Desk((), [one]), access=access(unlabelled=unlabelled))
        assert web.get(f"{API}/i1", headers=ACME).status_code == status


def test_an_open_one_that_is_also_about_others_says_nothing_of_them():
    joint = incident(
        id="j",
        scope="model",
        eval_sets=("mine", "theirs"),
        summary="theirs and mine",
        peers="theirs",
    )
    view = snapshot(eval_set("mine"), secret("theirs"), incidents=(joint,))
    acts = (act(why="theirs is slow"),)
    desk = Desk(
        [standing(joint, acts=acts, events=(LifeEvent("updated", NOW - 9, "theirs joined"),))]
    )
    web = client(desk, lambda: view, access=access())
    for path in (f"{API}/j", "/incidents/j", "/", API, "/incidents"):
        answer = web.get(path, headers=ACME)
        assert answer.status_code == 200
        assert "theirs" not in answer.text, path
    history = web.get(f"{API}/j", headers=ACME).json()["history"]
    assert {item["kind"] for item in history} >= {"updated", "acknowledgement"}
    alone = snapshot(
        eval_set("mine"), secret("theirs"), incidents=(replace(joint, eval_sets=("theirs",)),)
    )
    desk = Desk(told_of(alone))
    web = client(desk, lambda: alone, access=access())
    assert web.get(f"{API}/j", headers=ACME).status_code == 404
    assert web.get(API, headers=ACME).json()["incidents"] == []


def test_who_may_see_little_is_shown_all_of_it_page_by_page():
    hidden, some = Needs(("acme",)), Needs()
    ones = [past(n, n + 1.0, needs=some if n % 40 == 39 else hidden) for n in range(400)]
    desk = Desk((), ones)
    web, seen, cursor, asked = client(desk, access=access()), [], "", 0
    while asked < 100:
        asked += 1
        answer = web.get(f"{API}?state=past&limit=2{cursor}", headers=ACME).json()
        seen += [one["id"] for one in answer["incidents"]]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert seen == [f"i{n}" for n in range(39, 400, 40)]
    assert len(desk.asked) <= asked * ROUNDS


def test_cards_tell_who_looks_after_it():
    first = realistic().report.incidents[0]
    desk = Desk([standing(first, acts=(act(), act("silence", by="eve", verified=True, place=2)))])
    html = client(desk).get("/").text
    assert "Acknowledged by ann" in html
    assert "(unverified)" in html
    assert "Silenced by eve" in html
    assert "· acknowledged" in html


def test_a_page_is_another_when_somebody_acts():
    first = realistic().report.incidents[0]
    desk = Desk([standing(first)])
    web = client(desk)
    etags = {path: web.get(path).headers["etag"] for path in ("/", f"/incidents/{first.id}")}
    desk.standing, desk.version = (standing(first, acts=(act(),)),), 1
    for path, etag in etags.items():
        answer = web.get(path, headers={"if-none-match": etag})
        assert (answer.status_code, "Acknowledged by ann" in answer.text) == (200, True)


def test_before_the_first_poll():
    web = client(Desk(), lambda: None)
    for path in ("/incidents", "/incidents/x"):
        answer = web.get(path)
        assert (answer.status_code, "The first poll is running" in answer.text) == (503, True)
    assert web.get(API).status_code == 503
    assert web.get("/incidents/x/actions").status_code == 503


def test_what_is_asked_for_stays_in_the_address():
    wanted = asked_of([("state", "past"), ("q", " A  b "), ("cursor", ""), ("x", "y")])
    assert wanted == Asked("past", q="A b")
    assert wanted.query("p~1.0~1~a") == "state=past&q=A+b&cursor=p~1.0~1~a"
    assert wanted.words == ("a", "b")
