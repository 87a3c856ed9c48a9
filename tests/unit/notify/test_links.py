"""Where messages lead."""

from urllib.parse import unquote

from tests.builders.snapshots import incident
from watchdog.notify.channels.links import DASHBOARD_MAX, Templates, links


def test_each_template_is_filled_in():
    templates = Templates(
        page="https://watchdog.example/",
        grafana="https://grafana.example/d/x?var-eval_set_id={eval_set_id}",
        alertmanager="https://alerts.example/",
        runbook="https://wiki.example/{cause}",
        log_viewer="https://viewer.example/{eval_set_id}",
    )
    addresses = dict(links(incident(eval_sets=("a b/c",)), templates))
    assert addresses["Grafana"].endswith("var-eval_set_id=a%20b%2Fc")
    assert addresses["Runbook"] == "https://wiki.example/api_server_error"
    assert addresses["Log viewer"] == "https://viewer.example/a%20b%2Fc"
    assert unquote(addresses["Silence"]) == (
        'https://alerts.example/#/silences/new?filter={eval_set_id="a b/c"}'
    )
    assert list(addresses) == ["Status page", "Grafana", "Log viewer", "Runbook", "Silence"]


def test_the_page_is_that_of_the_incident_for_ever():
    def own(page, opening=0, name="3f2a"):
        told = incident(id=name, eval_sets=("a", "b"))
        ((_, address),) = links(told, Templates(page=page), opening)
        return address

    assert own("https://w.example") == "https://w.example/incidents/3f2a"
    assert own("https://w.example/wd/", 2) == "https://w.example/wd/incidents/3f2a?opening=2"
    assert own("https://w.example/", name="a b/c?") == "https://w.example/incidents/a%20b%2Fc%3F"
    assert own("https://w.example/", name="\u6570" * 300) == "https://w.example/"


def test_a_dashboard_is_opened_for_all_eval_sets():
    grafana = Templates(grafana="https://g.example/d/x?orgId=1&var-eval_set_id={eval_set_id}&a=b")
    ((_, address),) = links(incident(eval_sets=("a&b", "c")), grafana)
    assert address == ("https://g.example/d/x?orgId=1&var-eval_set_id=a%26b&var-eval_set_id=c&a=b")
    ((_, bounded),) = links(incident(eval_sets=tuple(map(str, range(99)))), grafana)
    assert bounded.count("var-eval_set_id=") == DASHBOARD_MAX
    ((_, first),) = links(incident(eval_sets=("a" * 1500, "b" * 1500)), grafana)
    assert first.count("var-eval_set_id=") == 1
    path = Templates(grafana="https://g.example/d/{eval_set_id}")
    ((_, one),) = links(incident(eval_sets=("a", "b")), path)
    assert one == "https://g.example/d/a"


def test_several_eval_sets_are_silenced_by_one_matcher():
    addresses = dict(
        links(incident(eval_sets=("a.1", "b")), Templates(alertmanager="https://alerts.example"))
    )
    assert unquote(addresses["Silence"]).endswith(r'filter={eval_set_id=~"a\\.1|b"}')


def test_nothing_but_http_is_linked():
    assert list(links(incident(), Templates(page="javascript:alert(1)"))) == []
    assert list(links(incident(), Templates())) == []


def test_what_would_end_a_link_is_encoded_or_left_out():
    grafana = Templates(grafana="https://g.example/d?a=x|y z&b={eval_set_id}")
    (link,) = links(incident(eval_sets=("<a>|b\ud800",)), grafana)
    assert link[1] == "https://g.example/d?a=x%7Cy%20z&b=%3Ca%3E%7Cb%3F"
    assert list(links(incident(), Templates(page="https://g.example/<x>"))) == []


def test_a_silence_is_for_all_eval_sets_or_not_offered():
    alerts = Templates(alertmanager="https://alerts.example")
    forty = tuple(f"mmlu-2026-11-22-set-{n:02}" for n in range(40))
    ((_, address),) = links(incident(eval_sets=forty), alerts)
    assert all(name in unquote(address) for name in forty)
    many = tuple(f"mmlu-2026-11-22-set-{n:03}" for n in range(400))
    assert list(links(incident(eval_sets=many), alerts)) == []


def test_a_quote_ends_no_matcher():
    alerts = Templates(alertmanager="https://alerts.example")
    ((_, one),) = links(incident(eval_sets=('a"b\\',)), alerts)
    assert unquote(one).endswith(r'{eval_set_id="a\"b\\"}')
    ((_, two),) = links(incident(eval_sets=('a"', "b\\")), alerts)
    assert unquote(two).endswith(r'{eval_set_id=~"a\"|b\\\\"}')
