"""Status feeds: what is taken from each format, and what hostile documents can't do."""

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdog.collect.status_pages.feeds import DEFAULT_FEEDS, Feed
from watchdog.collect.status_pages.parsing import INCIDENTS_MAX, parse
from watchdog.collect.status_pages.wording import TEXT_LIMIT, address

AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
NOW = AT.timestamp()
OPENAI, ANTHROPIC, GOOGLE = DEFAULT_FEEDS
PAGE = Feed("acme", "https://status.acme.test/api/v2/summary.json", "statuspage")
JSON = Feed(
    "acme",
    "https://status.acme.test/v1/events",
    "json",
    items="data.events",
    title="text.headline",
    status="updates.0.state",
    link="href",
    since="from",
)
RSS = Feed("acme", "https://status.acme.test/history.rss", "rss")


def read(feed, document, now=NOW):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse(feed, body, now)


def titles(found):
    return [incident.title for incident in found]


def incident(name="Elevated errors", **changes):
    return {
        "id": "k1",
        "name": name,
        "status": "investigating",
        "impact": "major",
        "shortlink": "https://stspg.io/k1",
        "created_at": "2026-11-24T07:10:00.000Z",
        "started_at": "2026-11-24T07:05:00.000Z",
        "resolved_at": None,
        "incident_updates": [{"body": "We look into it.", "status": "investigating"}],
        "components": [],
        **changes,
    }


def component(name, status="operational", **changes):
    return {"id": name.lower(), "name": name, "status": status, "group": False, **changes}


def summary(incidents=(), components=(), maintenance=()):
    return {
        "page": {"id": "p", "name": "Acme", "url": "https://status.acme.test"},
        "status": {"indicator": "major", "description": "Partial System Outage"},
        "components": list(components),
        "incidents": list(incidents),
        "scheduled_maintenances": list(maintenance),
    }


# --- Statuspage


def test_a_current_incident_is_told_with_its_impact_link_and_beginning():
    (found,) = read(PAGE, summary([incident()]))
    assert found.provider == "acme"
    assert found.title == "Elevated errors"
    assert found.status == "investigating (major)"
    assert found.url == "https://stspg.io/k1"
    assert found.since == NOW - 55 * 60


def test_without_a_beginning_its_creation_counts():
    (found,) = read(PAGE, summary([incident(started_at=None)]))
    assert found.since == NOW - 50 * 60


@pytest.mark.parametrize(
    "change",
    [{"status": "resolved"}, {"status": "Postmortem"}, {"resolved_at": "2026-11-24T07:30:00Z"}],
)
def test_what_is_over_is_left_out(change):
    assert read(PAGE, summary([incident(**change), incident("Other")])) == read(
        PAGE, summary([incident("Other")])
    )


def test_all_is_well():
    assert read(PAGE, summary(components=[component("API")])) == ()


def test_an_ailing_component_without_an_incident_is_told_by_itself():
    (found,) = read(
        PAGE, summary(components=[component("API", "partial_outage"), component("Site")])
    )
    assert (found.title, found.status) == ("API", "partial_outage")
    assert found.url == "https://status.acme.test"
    assert found.since is None


def test_an_ailing_component_with_an_incident_and_a_group_are_not_told_again():
    api = component("API", "partial_outage")
    group = component("All", "partial_outage", group=True)
    told = summary([incident(components=[api])], [api, group])
    assert titles(read(PAGE, told)) == ["Elevated errors"]


@pytest.mark.parametrize(
    ("status", "told"),
    [("in_progress", True), ("verifying", True), ("scheduled", False), ("completed", False)],
)
def test_maintenance_counts_while_it_lasts(status, told):
    entry = incident(
        "Upgrade",
        status=status,
        impact="none",
        started_at=None,
        scheduled_for="2026-11-24T06:00:00Z",
    )
    found = read(PAGE, summary(maintenance=[entry]))
    assert [(one.status, one.since) for one in found] == [(status, NOW - 7200)] * told


def test_only_what_touches_the_wanted_component():
    api, site = component("Claude API (api.anthropic.com)"), component("claude.ai", "major_outage")
    told = summary(
        [incident("API", components=[api]), incident("Site", components=[site]), incident("?")],
        [api, component("Console", "major_outage")],
    )
    assert titles(read(ANTHROPIC, told)) == ["API", "?"]


@pytest.mark.parametrize("document", [[], {}, {"page": {}}, None, "x", b"<html>", b"", b"\xff{}"])
def test_what_is_no_summary_is_refused(document):
    with pytest.raises(ValueError, match=r"Statuspage|JSON"):
        read(PAGE, document)


def test_entries_of_wrong_types_are_left_out_and_others_kept():
    told = summary(
        [3, None, [], {"name": 7, "components": 3}, {"name": {}}, incident(components=["x", None])],
        [4, {"name": "API", "status": ["x"]}],
        ["x"],
    )
    assert titles(read(PAGE, told)) == ["7", "Elevated errors"]


# --- JSON by configuration


def event(headline="Slow answers", **changes):
    return {
        "text": {"headline": headline},
        "updates": [{"state": "open"}, {"state": "resolved"}],
        "href": "/events/1",
        "from": "2026-11-24T07:00:00+00:00",
        **changes,
    }


def events(*found):
    return {"data": {"events": list(found)}}


def test_paths_lead_to_the_fields():
    (found,) = read(JSON, events(event()))
    assert found.title == "Slow answers"
    assert found.status == "open"
    assert found.url == "https://status.acme.test/events/1"
    assert found.since == NOW - 3600


@pytest.mark.parametrize("written", [NOW - 60, (NOW - 60) * 1000, str(int(NOW - 60))])
def test_a_beginning_may_be_a_number(written):
    assert read(JSON, events(event(**{"from": written})))[0].since == NOW - 60


def test_statuses_that_mean_over():
    closed = msgspec.structs.replace(JSON, over=("OPEN",))
    assert read(closed, events(event())) == ()
    assert titles(read(closed, events(event(updates=[])))) == ["Slow answers"]


def test_items_of_several_lists():
    feed = Feed("acme", "https://a.test", "json", items="regions.events", title="name")
    document = {"regions": [{"events": [{"name": "a"}]}, {"events": [{"name": "b"}]}, {}]}
    assert titles(read(feed, document)) == ["a", "b"]


@pytest.mark.parametrize("document", [{}, {"data": 3}, {"data": {"events": {}}}, [], 3])
def test_no_list_at_the_path_is_an_error(document):
    with pytest.raises(ValueError, match=r"no list at 'data\.events'"):
        read(JSON, document)


def test_no_title_in_any_item_is_an_error_and_in_some_is_not():
    with pytest.raises(ValueError, match=r"no item has a title at 'text\.headline'"):
        read(JSON, events({"text": {"title": "x"}}, 3))
    assert titles(read(JSON, events(3, event()))) == ["Slow answers"]
    assert read(JSON, events()) == ()


def google(desc, product="Vertex Gemini API", **changes):
    return {
        "id": "q7",
        "number": "9008",
        "begin": "2026-11-24T06:30:00+00:00",
        "created": "2026-11-24T06:41:00+00:00",
        "modified": "2026-11-24T07:00:00+00:00",
        "external_desc": desc,
        "most_recent_update": {"status": "SERVICE_DISRUPTION", "text": "Work goes on."},
        "status_impact": "SERVICE_DISRUPTION",
        "severity": "medium",
        "service_name": product,
        "affected_products": [{"title": product, "id": "Z0"}],
        "uri": "incidents/q7",
        **changes,
    }


def test_google_cloud_is_a_matter_of_configuration():
    document = [
        google("Gemini errors"),
        google("Ended", end="2026-11-24T07:00:00+00:00"),
        google("Available", most_recent_update={"status": "AVAILABLE"}),
        google("Disks", "Persistent Disk"),
        google(
            "Many",
            "Multiple Products",
            affected_products=[{"title": "Disks"}, {"current_title": "Gemini on Agent Platform"}],
        ),
    ]
    first, second = read(GOOGLE, document)
    assert titles((first, second)) == ["Gemini errors", "Many"]
    assert first.status == "SERVICE_DISRUPTION"
    assert first.url == "https://status.cloud.google.com/incidents/q7"
    assert first.since == NOW - 5400


def test_an_end_that_is_only_expected_is_no_end():
    assert read(GOOGLE, [google("Goes on", end="2026-11-24T09:00:00+00:00")])


# --- RSS and Atom


def item(title="Elevated errors", text="", minutes=30, link="https://status.acme.test/i/1"):
    date = format_datetime(AT - timedelta(minutes=minutes))
    return (
        f"<item><title>{title}</title><description><![CDATA[{text}]]></description>"
        f"<pubDate>{date}</pubDate><link>{link}</link><guid>{link}</guid></item>"
    )


def rss(*items):
    head = '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Acme</title>'
    return f"{head}{''.join(items)}</channel></rss>".encode("utf-8", "replace")


def update(word, text="Words."):
    return f"<p><small>Nov <var>24</var>, 07:30 UTC</small><br><strong>{word}</strong> - {text}</p>"


def test_an_item_of_rss():
    (found,) = read(RSS, rss(item(text=update("Monitoring") + update("Investigating"))))
    assert found.title == "Elevated errors"
    assert found.status == "monitoring"
    assert found.url == "https://status.acme.test/i/1"
    assert found.since == NOW - 1800


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("x", update("Resolved") + update("Investigating")),
        ("x", "<b>Status: Resolved</b><br/>All is well."),
        ("RESOLVED: errors", "text"),
        ("[Completed] maintenance", update("Update")),
        ("x", "This incident has been resolved."),
    ],
)
def test_items_that_say_that_they_are_over(title, text):
    assert titles(read(RSS, rss(item(title, text), item("y")))) == ["y"]


@pytest.mark.parametrize(
    "text",
    [
        update("Update", "Not all is resolved."),
        update("Investigating") + update("Resolved"),
        "<b>Status: Identified</b><br/>It will be resolved soon.",
        "It is not yet resolved.",
        "Unresolved so far.",
    ],
)
def test_items_that_are_not_over(text):
    assert titles(read(RSS, rss(item("x", text)))) == ["x"]


@pytest.mark.parametrize(("minutes", "told"), [(1439, True), (1441, False), (-1441, False)])
def test_old_items_and_far_announcements_are_left_out(minutes, told):
    assert bool(read(RSS, rss(item(minutes=minutes)))) is told


def test_the_age_is_configurable_and_time_passes():
    feed = msgspec.structs.replace(RSS, max_age=3600.0)
    body = rss(item(minutes=30))
    assert read(feed, body)
    assert read(feed, body, NOW + 1801) == ()


def test_an_item_without_a_date_is_left_out():
    assert read(RSS, rss("<item><title>x</title></item>")) == ()


def atom(updated="2026-11-24T07:30:00Z", content="&lt;p&gt;&lt;b&gt;Investigating&lt;/b&gt;"):
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Acme</title><id>a</id><entry>'
        "<title>Errors</title><id>b</id><published>2026-11-22T08:00:00Z</published>"
        f"<updated>{updated}</updated><link rel='alternate' href='https://status.acme.test/i/2'/>"
        f"<content type='html'>{content}</content></entry></feed>"
    ).encode()


def test_an_entry_of_atom_is_as_new_as_its_last_change():
    (found,) = read(RSS, atom())
    assert (found.title, found.status) == ("Errors", "investigating")
    assert found.url == "https://status.acme.test/i/2"
    assert found.since == NOW - 2 * 86400
    assert read(RSS, atom(updated="2026-11-22T09:00:00Z")) == ()


def test_rss_of_one_component():
    feed = msgspec.structs.replace(RSS, component=("API",))
    items = item("Api errors"), item("Site", "<p>web site only</p>"), item("x", "<b>our API</b>")
    assert titles(read(feed, rss(*items))) == ["Api errors", "x"]


@pytest.mark.parametrize("body", [b"", b"{}", b"<html><body>x</body></html>", b"\0\1", b"<rss"])
def test_what_is_no_feed_is_refused(body):
    with pytest.raises(ValueError, match="neither RSS nor Atom"):
        read(RSS, body)


# --- hostile documents


def test_a_path_is_not_opened(tmp_path):
    (tmp_path / "feed").write_bytes(rss(item("a file")))
    with pytest.raises(ValueError, match="neither RSS nor Atom"):
        read(RSS, str(tmp_path / "feed").encode())


def test_entities_reach_no_file_and_grow_nothing(tmp_path):
    (tmp_path / "secret").write_text("xyzzy")
    lines = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)]
    doctype = (
        f'<!DOCTYPE r [<!ENTITY s SYSTEM "{(tmp_path / "secret").as_uri()}">'
        f'<!ENTITY e0 "{"x" * 100}">{"".join(lines)}]>'
    )
    body = rss(item("T &s; &e9;")).replace(b"<rss", doctype.encode() + b"<rss", 1)
    (found,) = read(RSS, body)
    assert "xyzzy" not in found.title
    assert len(found.title) <= TEXT_LIMIT


def test_more_elements_than_a_feed_has_are_refused():
    with pytest.raises(ValueError, match="too many elements"):
        read(RSS, b"<rss version='2.0'><channel>" + b"<x>" * 60_000)


@pytest.mark.parametrize("feed", [PAGE, JSON])
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_deep_nesting_is_refused(feed, opening):
    with pytest.raises(ValueError, match="not JSON"):
        read(feed, opening * 100_000)


MANY = 20_000


@pytest.mark.parametrize(
    ("feed", "document"),
    [
        (PAGE, summary([incident()] * MANY)),
        (PAGE, summary(components=[component("x", "major_outage")] * MANY)),
        (JSON, events(*[event()] * MANY)),
        (RSS, rss(*[item()] * 2000)),
    ],
    ids=["incidents", "components", "json", "rss"],
)
def test_a_few_are_kept_of_many(feed, document):
    assert len(read(feed, document)) == INCIDENTS_MAX


NASTY = "a\x00b\x1b[31m\r\n\u202ec\u200bd\u2028e\ud800"


def test_texts_are_one_visible_line():
    told = summary([incident(NASTY.encode("utf-8", "replace").decode(), status="a\nb\x07")])
    (found,) = read(PAGE, told)
    assert found.title == "a b [31m c d e?"
    assert found.status == "a b (major)"


def test_texts_are_cut():
    long = "word " * 10_000
    for found in (
        *read(PAGE, summary([incident(long, status=long, impact=long)])),
        *read(JSON, events(event(long, updates=[{"state": long}]))),
        *read(RSS, rss(item(long, text=long))),
    ):
        assert len(found.title) <= TEXT_LIMIT
        assert found.title.endswith("…")
        assert len(found.status) <= TEXT_LIMIT


BASE = "https://status.acme.test/feed"


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        " JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://a.test/",
        "https://status.acme.test@evil.test/",
        "https://u:p@evil.test/",
        "http://[::1",
        "https://a.test:99999/",
        "https://a.test/|text>",
        'https://a.test/"onclick=',
        "https://a.test/a b",
        "https://a.test/\u202e",
        "https://a.test/" + "a" * TEXT_LIMIT,
        "",
        None,
        3,
        ["https://a.test"],
    ],
)
def test_addresses_that_are_not_shown(link):
    assert address(link, BASE) == ""
    (found,) = read(JSON, events(event(href=link)))
    assert found.url == ""


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://a.test/x?y=1#z", "https://a.test/x?y=1#z"),
        ("http://a.test", "http://a.test"),
        ("/i/1", "https://status.acme.test/i/1"),
        ("//b.test/i", "https://b.test/i"),
    ],
)
def test_addresses_that_are_shown(link, shown):
    assert address(link, BASE) == shown


# --- whatever comes

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
NAMES = """
    page url components incidents scheduled_maintenances name status impact id group shortlink
    started_at created_at resolved_at data events text headline updates state href from end
    external_desc begin uri most_recent_update affected_products title
"""
KEYS = st.sampled_from(NAMES.split())
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)
SUMMARIES = st.fixed_dictionaries(
    {key: TREES | st.lists(TREES) for key in ("incidents", "components", "page")}
)
EVENTS = st.builds(lambda items: {"data": {"events": items}}, st.lists(TREES))
ITEMS = st.builds(item, st.text(), st.text(), st.integers(0, 99), st.text() | st.just("/i/1"))
SYNDICATED = st.lists(ITEMS, max_size=3).map(lambda items: rss(*items))
FEEDS = st.sampled_from([PAGE, JSON, RSS, OPENAI, ANTHROPIC, GOOGLE])
PIECES = rb"""
    <rss\ version='2.0'> <channel> <item> </item> <title> </title> <link> </link> <link\ href='a'/>
    <pubDate> </pubDate> Tue,\ 24\ Nov\ 2026\ 07:30:00\ GMT Tue,\ 99\ Foo\ 0\ x <description>
    <feed\ xmlns='http://www.w3.org/2005/Atom'> <entry> <content\ type='html'> <updated>
    9999999-01-01T00:00:00Z 2026-11-24T07:30:00Z javascript:x <strong>Resolved</strong> <![CDATA[
    ]]> <!DOCTYPE\ x\ [ <!ENTITY\ a\ 'b'> &a; < > &#0; &#x110000; &lt; \0
"""
TOKENS = st.lists(st.sampled_from(re.findall(rb"(?:\\.|\S)+", PIECES)), max_size=40).map(
    lambda pieces: b"".join(pieces).replace(b"\\0", b"\xff").replace(b"\\", b"")
)


def check(feed, body):
    try:
        found = parse(feed, body, NOW)
    except ValueError:
        return
    assert len(found) <= INCIDENTS_MAX
    for one in found:
        assert one.title
        for text in (one.title, one.status, one.url):
            assert text.isprintable()
            assert len(text) <= TEXT_LIMIT
        assert one.url == "" or re.match(r"https?://[^/@]+", one.url)
        assert one.since is None or one.since >= 0


@settings(max_examples=300, deadline=None)
@given(FEEDS, st.binary(max_size=300) | TOKENS | SYNDICATED)
def test_any_bytes(feed, body):
    check(feed, body)


@settings(max_examples=300, deadline=None)
@given(FEEDS, TREES | SUMMARIES | EVENTS)
def test_any_json(feed, tree):
    check(feed, json.dumps(tree).encode())


def test_the_known_feeds_are_of_three_providers_and_encrypted():
    assert [feed.provider for feed in DEFAULT_FEEDS] == ["openai", "anthropic", "google"]
    assert all(feed.url.startswith("https://") for feed in DEFAULT_FEEDS)
