"""What a replica answers while it stands by: probes, a word for people, nothing for rules."""

import pytest
from starlette.testclient import TestClient

from watchdog.service.leadership.standby_site import StandbySite
from watchdog.service.servers import Turned

NEVER = ("source_up", "last_complete_poll", "channel_failing", "canary", "task_")


@pytest.fixture
def site():
    known = {"leader": "wd-1", "complaint": ""}
    return known, StandbySite(lambda: known["leader"], lambda: known["complaint"])


def test_it_is_ready_and_says_who_leads(site):
    known, standby = site
    client = TestClient(standby.app())
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "ready": True,
            "reasons": [],
            "failing_sources": [],
            "failing_channels": [],
            "role": "standby",
            "leader": "wd-1",
        },
    )
    assert client.get("/healthz").status_code == 200
    known["complaint"] = "leases: forbidden; add the rule"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == [
        "it can't be told who leads: leases: forbidden; add the rule"
    ]


@pytest.mark.parametrize("path", ["/", "/api/v1/report", "/evidence?eval_set_id=a"])
def test_page_and_api_are_the_leaders(site, path):
    known, standby = site
    client = TestClient(standby.app())
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "this replica stands by; wd-1 leads" in answer.text
    known["leader"] = ""
    assert "nobody leads yet" in client.get(path).text
    for method in ("POST", "DELETE"):
        answer = client.request(method, path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert TestClient(standby.probes()).get(path).status_code == 404


def test_a_foreign_holder_and_a_reason_show_no_more_than_a_line_without_secrets(site):
    known, standby = site
    client = TestClient(standby.app())
    known["leader"] = "wd\x1b[2J\n" + "x" * 400
    assert client.get("/").text.isprintable()
    assert len(client.get("/readyz").json()["leader"]) <= 253
    known["complaint"] = "https://u:correct-horse@api.example/: refused"
    (reason,) = client.get("/readyz").json()["reasons"]
    assert "api.example" in reason
    assert "correct-horse" not in reason


def test_no_rule_takes_it_for_a_watchdog_at_work(site):
    text = TestClient(site[1].probes()).get("/metrics").text
    assert "eval_watchdog_leader 0.0" in text
    assert "eval_watchdog_build_info" in text
    assert not [name for name in NEVER if name in text]
    assert TestClient(site[1].app()).head("/metrics").text == ""


def test_another_site_takes_its_place_under_the_same_addresses(site):
    other = StandbySite(lambda: "wd-2", lambda: "")
    turned = Turned(site[1])
    both = TestClient(turned.app()), TestClient(turned.probes())
    assert [client.get("/readyz").json()["leader"] for client in both] == ["wd-1", "wd-1"]
    turned.show(other)
    assert [client.get("/readyz").json()["leader"] for client in both] == ["wd-2", "wd-2"]
