"""Addresses below an eval set: ids with slashes, undone by a proxy or not."""

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from tests.builders.snapshots import eval_set, snapshot
from watchdog.surfaces.web.below import Place, place_of

NAMES = (
    "a",
    "a/b",
    "a/samples",
    "samples",
    "a/samples/b",
    "log",
    "a/log",
    "%2F",
    "a b?#&",
    "x/",
    "ü",
)


def request(path):
    return Request({"type": "http", "raw_path": path.encode(), "headers": []})


def watching(*names):
    return snapshot(*(eval_set(name) for name in names))


def address(name, part="", task_id=None, base="/eval-sets/"):
    rest = "".join(f"/{one}" for one in (part, quote(task_id, safe="") if task_id else "") if one)
    return f"{base}{quote(name, safe='')}{rest}"


@pytest.mark.parametrize("base", ["/eval-sets/", "/api/v1/eval-sets/", "/proxy/eval-sets/"])
@pytest.mark.parametrize("name", NAMES)
def test_an_address_leads_to_what_it_was_made_of(name, base):
    for place in (
        Place(name),
        Place(name, "samples"),
        Place(name, "log"),
        Place(name, "samples", "T/1"),
    ):
        assert place_of(request(address(*place, base=base)), watching(name)) == place


@given(st.text(max_size=30), st.text(min_size=1, max_size=30))
def test_any_id_has_its_address(name, task_id):
    name, task_id = (text.encode("utf-8", "replace").decode() for text in (name, task_id))
    for place in (Place(name), Place(name, "samples"), Place(name, "samples", task_id)):
        assert place_of(request(address(*place)), watching(name)) == place


@pytest.mark.parametrize("name", ["a", "a/b", "a/samples/b"])
def test_what_a_proxy_undid_leads_there_too(name):
    for place in (
        Place(name),
        Place(name, "samples"),
        Place(name, "log"),
        Place(name, "samples", "T1"),
    ):
        assert place_of(request(unquote(address(*place))), watching(name)) == place


def test_of_two_readings_the_one_that_is_there():
    assert place_of(request("/eval-sets/a/samples"), watching("a/samples")) == Place("a/samples")
    assert place_of(request("/eval-sets/a/samples"), watching("a")) == Place("a", "samples")
    assert place_of(request("/eval-sets/a%2Fsamples"), watching("a", "a/samples")) == Place(
        "a/samples"
    )


def test_inspects_own_name_leads_to_the_folder():
    told = snapshot(eval_set("logs/7", inspect_id="x7k2"))
    assert place_of(request("/eval-sets/x7k2/samples"), told) == Place("logs/7", "samples")
