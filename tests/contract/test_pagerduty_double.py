"""The double of PagerDuty's Events API, held to the official client."""

import asyncio

import pytest
from msgspec import to_builtins
from msgspec.structs import replace
from pagerduty import EventsApiV2Client, HttpError
from pydantic import SecretStr

from tests.builders.snapshots import NOW, eval_set, incident, snapshot
from tests.doubles.program_api import ENQUEUE, EVENT_MAX, ROUTING_KEY
from watchdog.notify import notice
from watchdog.notify.channels import program
from watchdog.notify.channels.links import Templates
from watchdog.notify.decide import Decision, Reason

ALERT = {"summary": "stuck", "source": "mmlu", "dedup_key": "i-1"}
LINK = {"href": "https://watchdog.example/", "text": "Status page"}
IMAGE = {"src": "https://watchdog.example/fleet.png", "alt": "The fleet"}


@pytest.fixture
def connect(slack):
    clients = []

    def client(routing_key=ROUTING_KEY):
        clients.append(EventsApiV2Client(routing_key, trust_env=False))
        clients[-1]._url = slack.server.url  # its setter takes nothing but https

        async def call(method, *arguments, **more):
            return await asyncio.to_thread(getattr(clients[-1], method), *arguments, **more)

        return call

    yield client
    for client in clients:
        client.close()


@pytest.fixture
def client(connect):
    return connect()


async def test_an_alert_from_its_trigger_to_its_end(client, slack):
    more = {"severity": "warning", "custom_details": {"peers": 3}, "links": [LINK]}
    assert await client("trigger", **ALERT, **more, images=[IMAGE]) == "i-1"
    (event,) = slack.programs.events
    assert (event["links"], event["images"]) == ([LINK], [IMAGE])
    payload = {"summary": "stuck", "source": "mmlu", "severity": "warning"}
    open_alert = {"i-1": {**payload, "custom_details": {"peers": 3}}}
    assert slack.programs.alerts == open_alert
    assert await client("acknowledge", "i-1") == "i-1"
    assert slack.programs.alerts == open_alert, "somebody works on it; it isn't over"
    assert await client("resolve", "i-1") == "i-1"
    assert slack.programs.alerts == {}


async def test_without_a_key_each_trigger_is_an_alert_of_its_own(client, slack):
    keys = [await client("trigger", "stuck", "mmlu") for _ in range(2)]
    assert list(slack.programs.alerts) == keys
    await client("resolve", keys[0])
    assert list(slack.programs.alerts) == keys[1:]


async def test_the_end_of_what_is_not_open_is_dropped(client, slack):
    assert await client("resolve", "i-2") == "i-2"
    assert await client("acknowledge", "i-2") == "i-2"
    assert slack.programs.alerts == {}


@pytest.mark.parametrize("routing_key", ["wrong", ROUTING_KEY[::-1]])
async def test_a_wrong_routing_key(connect, slack, routing_key):
    with pytest.raises(HttpError) as refused:
        await connect(routing_key)("trigger", **ALERT)
    assert refused.value.response.status_code == 400
    assert "routing" in refused.value.response.json()["errors"][0]
    assert slack.programs.events == []


REFUSED = {
    "severity": {"severity": "fatal"},
    "severity twice": {"severity": ["critical"]},
    "summary": {"summary": " "},
    "summary too long": {"summary": "x" * 1025},
    "source": {"source": ""},
    "dedup_key": {"dedup_key": "k" * 256},
    "timestamp": {"payload": {"timestamp": "yesterday"}},
    "component": {"payload": {"component": 7}},
    "class": {"payload": {"class": ["api_server_error"]}},
    "custom_details": {"payload": {"custom_details": "a sentence"}},
    "href": {"links": [{"text": "nowhere"}]},
    "href of no page": {"links": [{"href": "ftp://watchdog.example/"}]},
    "src": {"images": [{"src": "http://watchdog.example/fleet.png"}]},
}


@pytest.mark.parametrize(("what", "more"), REFUSED.items(), ids=REFUSED.keys())
async def test_what_pagerduty_refuses(client, slack, what, more):
    with pytest.raises(HttpError) as refused:
        await client("trigger", **{**ALERT, **more})
    assert refused.value.response.status_code == 400
    answer = refused.value.response.json()
    assert answer["status"] == "invalid event"
    (error,) = answer["errors"]
    assert f"'{what.split(maxsplit=1)[0]}'" in error
    assert slack.programs.events == []


async def test_an_event_that_is_too_large(client):
    with pytest.raises(HttpError):
        await client("trigger", **ALERT, custom_details={"log": "x" * EVENT_MAX})


UNKNOWN = {
    "event_action": {"event_action": "close", "dedup_key": "i-1"},
    "dedup_key": {"event_action": "resolve"},
    "summary": {"event_action": "trigger", "payload": {"source": "x", "severity": "info"}},
}


@pytest.mark.parametrize(("what", "event"), UNKNOWN.items(), ids=UNKNOWN.keys())
async def test_what_the_client_itself_would_not_send(client, what, event):
    answer = await client("post", ENQUEUE, json=event)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, f"'{what}'" in error) == (400, True)


@pytest.mark.parametrize("content", [b"{", b"[]", b'"trigger"'])
async def test_what_is_no_event(client, content):
    answer = await client("post", ENQUEUE, content=content)
    assert answer.status_code == 400
    assert answer.json()["status"] == "Unrecognized object"


# Our own channel, beside the client.


@pytest.fixture
def events():
    """An incident's beginning, that somebody looks after it, its end: as our channel has them."""
    opened = notice.opened(
        Decision(Reason.OPEN, incident(), NOW), snapshot(eval_set(), incidents=(incident(),))
    )

    def event(kind, **more):
        later = replace(opened, kind=kind, **more)
        templates, key = Templates(page="https://watchdog.example/"), SecretStr(ROUTING_KEY)
        (body,) = program.events_of(later, key, templates, warnings=False)
        return to_builtins(body)

    return event("opened"), event("edited", acknowledged=True), event("resolved")


async def test_our_trigger_is_the_client_s(client, slack, events):
    ours, *_ = events
    keys = ("summary", "source", "severity", "custom_details")
    fields = {key: ours["payload"].pop(key) for key in keys}
    key = ours["dedup_key"]
    await client("trigger", **fields, payload=ours["payload"], dedup_key=key, links=ours["links"])
    (theirs,) = slack.programs.events
    ours["payload"] |= fields
    assert ours.pop("client") == "stuck-eval watchdog", "documented; the client knows none"
    assert theirs == ours


async def test_our_resolve_is_the_client_s(client, slack, events):
    *_, ours = events
    await client("resolve", ours["dedup_key"])
    assert slack.programs.events == [ours]


async def test_our_acknowledge_is_the_client_s(client, slack, events):
    _, ours, _ = events
    await client("acknowledge", ours["dedup_key"])
    assert slack.programs.events == [ours]
