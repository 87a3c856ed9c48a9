"""Where pages lead beside: values are quoted, and what is no web address leads nowhere."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.inside import row
from tests.builders.snapshots import HOSTILE
from watchdog.addresses import filled, is_address, places
from watchdog.config.links import Links
from watchdog.config.load import load
from watchdog.errors import ConfigError
from watchdog.surfaces.web.page_links import eval_set_links, sample_links

VIEWER = "https://viewer.example/{eval_set_id}/{log}?s={sample_id}&e={epoch}&u={sample_uuid}"


def test_each_template_is_a_link():
    links = Links(
        grafana="https://g.example/d/x?var-eval_set_id={eval_set_id}",
        logs="https://logs.example/?q={eval_set_id}",
        log_viewer="http://viewer.example/{eval_set_id}",
    )
    assert eval_set_links(links, "a/b c") == (
        ("Grafana", "https://g.example/d/x?var-eval_set_id=a%2Fb%20c"),
        ("Runner's log", "https://logs.example/?q=a%2Fb%20c"),
        ("Inspect's viewer", "http://viewer.example/a%2Fb%20c"),
    )
    assert eval_set_links(Links(), "a") == ()


def test_a_sample_has_its_own_or_that_of_its_eval_set():
    ((_, address),) = sample_links(Links(sample_viewer=VIEWER), "e", row("x/y"), "a.eval")
    assert address == "https://viewer.example/e/a.eval?s=x%2Fy&e=2&u=x%2Fy"
    links = Links(log_viewer="https://v.example/{eval_set_id}", grafana="https://g.example/")
    assert sample_links(links, "e", row("1"), "") == (("Inspect's viewer", "https://v.example/e"),)


@given(st.text(max_size=60))
def test_no_value_leads_elsewhere_or_adds_anything(value):
    template = "https://viewer.example/x/{eval_set_id}?q={eval_set_id}"
    address = urlsplit(filled(template, {"eval_set_id": value}))
    assert (address.netloc, address.path.count("/"), address.fragment) == ("viewer.example", 2, "")
    shown = value.encode("utf-8", "replace").decode()
    assert parse_qs(address.query, keep_blank_values=True) == {"q": [shown]}


def test_a_value_that_looks_like_a_place_is_a_value():
    made = filled("https://x.example/{a}/{b}", {"a": "{b}", "b": HOSTILE})
    assert made.startswith("https://x.example/%7Bb%7D/%3C%21channel%3E")
    assert is_address(made)
    assert places("{a}{b_c}{A}{}") == {"a", "b_c"}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("sample_viewer", "javascript:alert(1)", "should be an http(s) address"),
        ("logs", "ftp://x.example", "should be an http(s) address"),
        ("logs", "https://x.example/{sample_id}", "nothing fills {sample_id}; there are {eval_set"),
        ("sample_viewer", "https://x.example/{uuid}", "nothing fills {uuid}; there are {epoch}"),
    ],
)
def test_a_template_that_leads_nowhere_is_refused(name, value, says):
    with pytest.raises(ConfigError, match="links") as error:
        load({"links": {name: value}})
    assert says in str(error.value)
