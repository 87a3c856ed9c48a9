"""In the shadow the quiet channel alone is told, and says who would have been."""

from typing import get_args

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from tests.builders.snapshots import NOW, eval_set, incident, snapshot
from tests.doubles.channel import RETRY, Clock, Listener, turn
from watchdog.model.report import IncidentReport
from watchdog.model.shadow import SHADOW
from watchdog.notify.audience import Audience, Route
from watchdog.notify.channels.links import Templates
from watchdog.notify.channels.program import events_of, hears
from watchdog.notify.channels.slack_head import head_text
from watchdog.notify.channels.slack_shadow import marked, shadow_blocks
from watchdog.notify.decide import Intervals
from watchdog.notify.deliver import Deliverer, Telling
from watchdog.notify.discretion import as_it_is
from watchdog.notify.ledger.database import memory_ledger
from watchdog.notify.notice import CALLING, Kind, Notice
from watchdog.notify.shadow import Shadow, shadow_words, shadow_words_of_incident

NAMES = ("slack", "pagerduty")


def takes(name: str, notice: Notice) -> bool:
    is_told = notice.kind in CALLING or notice.kind == "resolved"
    return name != "pagerduty" or (is_told and notice.incident.severity == "page")


SET_UP = Shadow("slack:#quiet", NAMES, takes)


def one(name: str, **changes) -> IncidentReport:
    return incident(id=name, eval_sets=(name,), **changes)


def view(*incidents: IncidentReport):
    sets = (eval_set(name) for each in incidents for name in each.eval_sets)
    return snapshot(*sets, incidents=incidents)


class Service:
    """A delivery that is in the shadow, until that is over."""

    def __init__(self, **more):
        self.clock = Clock()
        self.quiet = Listener(name=SHADOW)
        self.others = (Listener(name="slack"), Listener(name="pagerduty", digests=False))
        self.counted = []
        self.ledger = memory_ledger()
        self.deliverer = Deliverer(
            self.ledger,
            (self.quiet,),
            self.clock,
            on_notification=lambda *pair: self.counted.append(pair),
            shadow=SET_UP,
            **more,
        )

    async def turn(self, seen, seconds=0.0):
        self.clock.now += seconds
        return await turn(self.deliverer, replace(seen, at=self.clock.now))

    async def end_shadow(self):
        await self.deliverer.go_by(Telling(Intervals(), Audience(), as_it_is, self.others))


@pytest.fixture
async def service():
    made = Service()
    yield made
    await made.deliverer.aclose()


async def test_only_the_quiet_channel_is_told_and_who_would_have_been_is_said(service):
    await service.turn(view(one("a")))
    assert service.quiet.kinds == ["opened"]
    assert service.quiet.notices[0].shadow == NAMES
    words = "Shadow: would have paged pagerduty and told slack"
    assert shadow_words(service.quiet.notices[0]) == words


async def test_what_a_channel_would_not_have_told_is_not_said_of_it(service):
    await service.turn(view(one("a", severity="warning")))
    assert service.quiet.notices[0].shadow == ("slack",)
    assert shadow_words(service.quiet.notices[0]) == "Shadow: would have told slack"


async def test_routes_count_as_ever():
    made = Service(audience=Audience((Route(("pagerduty",), severity="page"),)))
    await made.turn(view(one("a")))
    assert made.quiet.notices[0].shadow == ("pagerduty",)
    await made.deliverer.aclose()


async def test_how_it_goes_on_is_told_there_too(service):
    await service.turn(view(one("a")))
    await service.turn(snapshot(), 7200)
    await service.turn(snapshot(), 7200)
    assert service.quiet.kinds == ["opened", "resolved"]
    assert all(notice.shadow == NAMES for notice in service.quiet.notices)


async def test_what_others_would_have_been_handed_is_counted_apart(service):
    await service.turn(view(one("a")))
    assert service.counted == [(SHADOW, "sent"), ("slack", "shadow"), ("pagerduty", "shadow")]


async def test_a_storm_is_one_message_there(service):
    await service.turn(view(*(one(f"s{n}") for n in range(11))))
    assert service.quiet.kinds == ["digest"]
    assert service.quiet.notices[0].shadow == NAMES


async def test_what_is_restricted_is_told_only_where_its_route_leads(service):
    await service.turn(
        view(one("a", restriction="pagerduty"), one("b", restriction="slack:#quiet"))
    )
    assert [notice.incident.id for notice in service.quiet.notices] == ["b"]
    assert set(service.ledger.open_incidents()) == {"a", "b"}


async def test_at_an_address_of_its_own_nothing_restricted_is_told():
    assert not replace(SET_UP, has_own_address=True).hears(one("b", restriction="slack:#quiet"))


async def test_when_it_is_over_what_is_open_is_told_once_as_a_digest(service):
    standing = view(one("a"), one("b"), one("c", muted_until="2026-11-24T08:00:00Z"))
    await service.turn(standing)
    await service.end_shadow()
    slack, duty = service.others
    for _ in range(3):
        await service.turn(standing, 60)
    assert slack.kinds == ["digest"]
    assert duty.kinds == ["opened", "opened"]
    assert [notice.shadow for notice in (*slack.notices, *duty.notices)] == [None] * 3
    await service.turn(snapshot(), 7200)
    await service.turn(snapshot(), 7200)
    assert slack.kinds == ["digest", "resolved", "resolved"]
    assert duty.kinds == ["opened", "opened", "resolved", "resolved"]
    assert service.quiet.kinds == ["opened", "opened"]


async def test_one_that_is_open_is_told_as_it_is(service):
    await service.turn(view(one("a")))
    await service.end_shadow()
    await service.turn(view(one("a")), 60)
    assert service.others[0].kinds == ["opened"]


async def test_an_end_calls_nobody(service):
    await service.turn(view(one("a")))
    await service.turn(snapshot(), 7200)
    await service.turn(snapshot(), 7200)
    end = service.quiet.notices[-1]
    assert shadow_words(end) == "Shadow: would have told slack, pagerduty"
    assert shadow_words_of_incident(end) == "Shadow: would have paged pagerduty and told slack"


async def test_what_only_edits_a_message_leaves_in_it_who_would_have_been_paged(service):
    await service.turn(view(one("a")))
    await service.turn(view(incident(id="a", eval_sets=("a", "b"))), 300)
    edited = service.quiet.notices[-1]
    assert edited.kind in {"edited", "updated"}
    assert edited.shadow == ("slack",)
    assert head_text(edited, Templates()).startswith(
        "Shadow: would have paged pagerduty and told slack\n"
    )


async def test_a_beginning_that_waited_is_told_of_those_who_would_have_heard_of_it(service):
    service.quiet.outcomes = [RETRY]
    await service.turn(view(one("a")))
    await service.turn(view(incident(id="a", eval_sets=("a", "b"))), 300)
    assert service.quiet.attempts == [("opened", "retry"), ("opened", "sent")]
    assert service.quiet.notices[-1].incident.eval_sets == ("a", "b")
    assert service.quiet.notices[-1].shadow == NAMES


async def test_what_waited_to_be_a_page_is_told_of_those_who_would_have_been_called(service):
    await service.turn(view(one("a", severity="warning")))
    service.quiet.outcomes = [RETRY]
    await service.turn(view(one("a")), 300)
    await service.turn(view(incident(id="a", eval_sets=("a", "b"))), 300)
    assert [kind for kind, _ in service.quiet.attempts] == ["opened", "escalated", "escalated"]
    assert service.quiet.notices[-1].shadow == NAMES


def test_slack_s_texts_begin_with_it():
    notice = Notice("opened", one("a"), NOW, NOW, shadow=("pager_*duty*", "<!channel>"))
    text = marked(notice, "rest")
    assert text.startswith("Shadow: would have told pager")
    assert text.endswith("\nrest")
    assert "<!channel>" not in text
    (block,) = shadow_blocks("Shadow: would have told x")
    assert "would have told" in block["elements"][0]["text"]
    assert marked(replace(notice, shadow=None), "rest") == "rest"
    assert shadow_blocks("") == []
    assert shadow_words(replace(notice, shadow=())) == "Shadow: would have told nobody"


@pytest.mark.parametrize("warnings", [False, True])
def test_pagerduty_would_have_heard_of_just_what_makes_it_an_event(warnings):
    for kind in get_args(Kind):
        for severity in ("page", "warning"):
            for acknowledged in (False, True):
                told = Notice(
                    kind, one("a", severity=severity), NOW, NOW, acknowledged=acknowledged
                )
                events = tuple(events_of(told, SecretStr("k"), Templates(), warnings=warnings))
                assert hears(told, warnings=warnings) is bool(events)
