"""Acting by form and API: what is asked for, who it is, and that no other page can do it."""

import json
import re

import pytest
from starlette.testclient import TestClient

from tests.builders.kept_incidents import act, kept
from tests.builders.snapshots import HOSTILE, NOW, eval_set, incident, snapshot
from tests.doubles.desk import Desk
from tests.security.served import site
from watchdog.config.web import Web
from watchdog.model.acts import BY_MAX, LONGEST, WHY_MAX
from watchdog.model.kept_incidents import OpenIncident
from watchdog.surfaces.web.access import Access
from watchdog.surfaces.web.forms import BODY_MAX, FORM_COOKIE, NAME_COOKIE

FORM = "/incidents/one/actions"
API = "/api/v1/incidents/one"
OURS = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
BEARER = "Bearer a-token-of-twenty-letters"


def view():
    return snapshot(eval_set("a"), incidents=(incident(id="one", eval_sets=("a",)),))


def desk(**changes):
    told = kept(incident=incident(id="one", eval_sets=("a",)), **changes)
    return Desk([OpenIncident(told, ("one",), "still_open")])


def client(its_desk, **more):
    app = site(view, desk=its_desk, **more).app()
    return TestClient(app, base_url="http://localhost", follow_redirects=False)


def token_of(web, path=FORM):
    return re.search(r'name="token" value="(\w+)"', web.get(path).text)[1]


def sent(web, token=None, path=FORM, headers=OURS, **fields):
    token = token_of(web) if token is None else token
    given = {"token": token, "by": "ann", "for": "4h", "why": "ticket 12", "do": "acknowledge"}
    return web.post(path, data={**given, **fields}, headers=headers)


def asked(web, method="POST", what="acknowledgement", headers=None, **body):
    body = {"by": "ann", **body}
    given = {"content-type": "application/json", **(headers or {})}
    return web.request(method, f"{API}/{what}", content=json.dumps(body), headers=given)


def test_a_form_does_what_its_button_says_and_leads_back():
    its = desk(acts=(act(),))
    web = client(its)
    for button, kind, judged, takes_back, lasts in (
        ("acknowledge", "acknowledgement", None, False, True),
        ("silence", "silence", None, False, True),
        ("true", "judgement", True, False, False),
        ("false", "judgement", False, False, False),
        ("unacknowledge", "acknowledgement", None, True, False),
        ("unsilence", "silence", None, True, False),
    ):
        answer = sent(web, do=button)
        assert (answer.status_code, answer.headers["location"]) == (303, "../one?opening=1")
        wish = its.wishes[-1]
        assert (wish.kind, wish.judged, wish.takes_back) == (kind, judged, takes_back)
        assert wish.until == (NOW + 4 * 3600 if lasts else None)
        assert (wish.by, wish.verified, wish.why) == ("ann", False, "ticket 12")
        assert (wish.incident.id, wish.opening) == ("one", 1)


def test_the_name_is_asked_once():
    web = client(desk())
    answer = sent(web, by="Ann Ü.")
    cookies = answer.headers.get_list("set-cookie")
    (kept_name,) = [text for text in cookies if text.startswith(NAME_COOKIE)]
    for part in ("HttpOnly", "SameSite=strict", "Max-Age=31536000"):
        assert part in kept_name
    assert 'value="Ann Ü."' in web.get(FORM).text
    its = desk()
    web = client(its)
    web.cookies.set(NAME_COOKIE, "eve%20x")
    sent(web, by="")
    assert its.wishes[-1].by == "eve x"


def test_with_a_login_it_is_who_logged_in():
    its = desk()
    rights = Web(tokens=[{"name": "ci", "token": BEARER[7:], "groups": "*"}])
    web = client(its, access=Access(rights, lambda: NOW))
    web.headers["authorization"] = BEARER
    assert "As ci" in web.get(FORM).text
    answer = sent(web, by="somebody else")
    assert answer.status_code == 303
    assert NAME_COOKIE not in answer.headers.get("set-cookie", "")
    assert (its.wishes[-1].by, its.wishes[-1].verified) == ("ci", True)
    asked(web, by="somebody else")
    assert (its.wishes[-1].by, its.wishes[-1].verified) == ("ci", True)
    del web.headers["authorization"]
    assert sent(web, "x").status_code == 401
    assert asked(web).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {},
    ],
)
@pytest.mark.parametrize("names", [(), ("*",)], ids=["its names", "any name"])
def test_another_page_s_form_does_nothing(headers, names):
    its = desk()
    web = client(its, names=names)
    answer = sent(web, headers=headers)
    assert answer.status_code == 403
    assert its.wishes == []


def test_a_token_belongs_to_the_browser_it_was_given_to():
    its = desk()
    web, other = client(its), client(its)
    token, others = token_of(web), token_of(other)
    for text in ("", "x", "ü", others, token[:-1]):
        answer = sent(web, token=text)
        assert answer.status_code == 403
        assert "open it anew" in answer.text
    web.cookies.delete(FORM_COOKIE)
    assert sent(web, token=token).status_code == 403
    again = client(its)  # after a restart
    again.cookies.set(FORM_COOKIE, "a" * 32)
    assert sent(again, token=token).status_code == 403
    assert its.wishes == []


def test_the_token_s_cookie_is_for_this_site_alone():
    web = client(desk())
    (cookie,) = web.get(FORM).headers.get_list("set-cookie")
    assert cookie.startswith(FORM_COOKIE)
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    secure = TestClient(site(view, desk=desk()).app(), base_url="https://localhost")
    assert "Secure" in secure.get(FORM).headers["set-cookie"]


def test_a_form_is_no_json_and_no_script():
    its = desk()
    web = client(its)
    token = token_of(web)
    body = json.dumps({"token": token, "by": "ann", "do": "silence"})
    answer = web.post(FORM, content=body, headers={**OURS, "content-type": "application/json"})
    assert answer.status_code == 415
    long = web.post(FORM, data={"token": token, "why": "x" * BODY_MAX}, headers=OURS)
    assert long.status_code == 413
    many = web.post(FORM, data={str(n): "x" for n in range(99)}, headers=OURS)
    assert many.status_code == 400
    assert its.wishes == []


def test_what_can_not_be_done_is_said_in_the_form():
    its = desk()
    web = client(its)
    for fields, words in (
        ({"by": " "}, "say who you are"),
        ({"do": "x"}, "say what is to be done"),
        ({"for": "99d"}, "at most 30 d"),
        ({"for": "8"}, "such as 90m"),
    ):
        answer = sent(web, **fields)
        assert answer.status_code == 400
        assert words in answer.text
        assert 'role="alert"' in answer.text
    its.flaw = "the ledger can't be written"
    its.one = desk().one
    assert "the ledger can&#39;t be written" in sent(web).text
    assert its.wishes == []


def test_a_program_acts_and_is_told_how_it_is_now():
    its = desk()
    web = client(its)
    answer = asked(web, why="ticket 12", **{"for": "90m"})
    assert answer.status_code == 200
    assert answer.json()["row"]["id"] == "one"
    assert its.wishes[-1].until == NOW + 5400
    asked(web, until="2026-11-23T10:00:00Z", what="silence")
    assert (its.wishes[-1].kind, its.wishes[-1].until) == ("silence", NOW + 7200)
    asked(web, what="judgement", judged=False)
    assert its.wishes[-1].judged is False
    asked(web, "DELETE", "silence")
    assert (its.wishes[-1].kind, its.wishes[-1].takes_back) == ("silence", True)
    assert asked(web).status_code == 200
    assert its.wishes[-1].until == NOW + 8 * 3600


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"by": ""}, "say who you are"),
        ({"by": "x" * (BY_MAX + 1)}, "the body"),
        ({"why": "x" * (WHY_MAX + 1)}, "the body"),
        ({"until": "soon"}, "the body"),
        ({"until": "2020-01-01T00:00:00Z"}, "it has passed"),
        ({"until": "2999-01-01T00:00:00Z"}, "at most 30 d"),
        ({"for": "8"}, "such as 90m"),
        ({"for": "1h", "until": "2026-11-23T10:00:00Z"}, "not both"),
        ({"more": 1}, "the body"),
    ],
)
def test_what_a_program_must_not_say(body, words):
    its = desk()
    answer = asked(client(its), **body)
    assert (answer.status_code, its.wishes) == (400, [])
    assert words in answer.json()["error"]


def test_a_judgement_says_what_it_is():
    its = desk()
    assert asked(client(its), what="judgement").status_code == 400
    assert its.wishes == []


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("names", [(), ("*",)], ids=["its names", "any name"])
def test_no_page_of_others_acts_by_the_api(headers, method, names):
    its = desk()
    answer = asked(client(its, names=names), method, headers=headers)
    assert answer.status_code in {403, 415}
    assert its.wishes == []


def test_what_people_write_is_bounded_on_one_line_and_without_secrets():
    its = desk()
    web = client(its)
    key = "sk-ant-api03-" + "a1B2c3D4" * 12
    asked(web, by=f"ann\n{HOSTILE}"[:BY_MAX], why=f"with {key}\u202e")
    wish = its.wishes[-1]
    assert wish.by.isprintable()
    assert key not in wish.why
    assert "\u202e" not in wish.why


def test_it_has_an_end():
    assert LONGEST == 30 * 86_400


def test_where_there_is_no_ledger_it_is_said():
    web = client(None)
    answer = asked(web)
    assert answer.status_code == 503
    assert "this needs a ledger" in answer.json()["error"]
    assert "this needs a ledger" in sent(web, do="silence").text


def test_who_may_not_see_all_of_it_may_not_act_on_it():
    theirs = eval_set("theirs", model_groups=("acme",))
    joint = incident(id="one", eval_sets=("a", "theirs"))
    seen = snapshot(eval_set("a"), theirs, incidents=(joint,))
    its = Desk([OpenIncident(kept(incident=joint), ("one",), "still_open")])
    rights = Web(tokens=[{"name": "ci", "token": BEARER[7:], "groups": "other"}])
    app = site(lambda: seen, desk=its, access=Access(rights, lambda: NOW)).app()
    web = TestClient(app, base_url="http://localhost", headers={"authorization": BEARER})
    assert "that you may not see" in web.get(FORM).text
    answer = asked(web)
    assert (answer.status_code, its.wishes) == (403, [])
    assert "theirs" not in answer.text


def test_an_incident_that_is_not_there_is_a_404():
    web = client(desk())
    token = token_of(web)
    assert sent(web, token, "/incidents/nothing/actions").status_code == 404
    answer = web.post("/api/v1/incidents/nothing/silence", json={"by": "ann"})
    assert answer.status_code == 404
