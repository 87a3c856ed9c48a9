"""What a press does: the same as page and API, for who may; everybody else is told why not."""

import pytest

from tests.builders.kept_incidents import act, kept
from tests.builders.snapshots import NOW, eval_set, incident, snapshot
from tests.doubles.desk import Desk
from tests.security.served import site
from watchdog.config.load import load
from watchdog.model.access import Needs
from watchdog.model.kept_incidents import OpenIncident
from watchdog.notify.channels.slack_buttons import Press
from watchdog.notify.socket_mode.people import Person
from watchdog.service.presses import FIRST_POLL, FOREIGN, OVER, UNSEEN, Done, Presses
from watchdog.surfaces.web.deeds import OTHERS

ANN = Person("ann", "ann@red.example.org")
SOMEBODY = Person("somebody")
PEOPLE = [{"emails": "*@red.example.org", "groups": "model-access-A"}]
INCIDENT = incident(id="one", eval_sets=("a",))
PRESS = Press(
    do="acknowledge",
    lasting="8h",
    incident="one",
    opening=1,
    user="U0A",
    name="ann",
    team="T0",
    home="T0",
    enterprise="",
    channel="C1",
    ts="1.2",
    key="k",
)


def press(do="acknowledge", lasting=None, **changes):
    values = {name: getattr(PRESS, name) for name in Press.__struct_fields__}
    return Press(**{**values, "do": do, "lasting": lasting, **changes})


def desk(groups=(), past=(), **changes):
    told = kept(incident=INCIDENT, needs=Needs(tuple(groups)), **changes)
    return Desk([OpenIncident(told, ("one",), "still_open")], past=past)


def presses(its_desk, groups=(), more=(), **settings):
    others = [eval_set(name, model_groups=theirs) for name, theirs in more]
    about = incident(id="one", eval_sets=("a", *(name for name, _ in more)))
    view = snapshot(eval_set("a", model_groups=groups), *others, incidents=(about,))
    made = load({"slack": {"people": PEOPLE, **settings.pop("slack", {})}, **settings})
    return Presses(site(lambda: view).seen_by, its_desk, lambda: made, lambda: NOW)


BUTTONS = {
    ("acknowledge", "8h"): ("acknowledgement", None, False, 8 * 3600),
    ("acknowledge", "1d"): ("acknowledgement", None, False, 86_400),
    ("silence", "4h"): ("silence", None, False, 4 * 3600),
    ("true", None): ("judgement", True, False, None),
    ("false", None): ("judgement", False, False, None),
    ("unacknowledge", None): ("acknowledgement", None, True, None),
    ("unsilence", None): ("silence", None, True, None),
}


@pytest.mark.parametrize(("pressed", "wanted"), BUTTONS.items())
async def test_each_button_does_what_it_says(pressed, wanted):
    its = desk()
    assert await presses(its).answer(press(*pressed), ANN) == Done()
    (wish,) = its.wishes
    lasts = None if wish.until is None else wish.until - NOW
    assert (wish.kind, wish.judged, wish.takes_back, lasts) == wanted
    assert (wish.by, wish.verified) == ("ann@red.example.org", True)
    assert (wish.incident.id, wish.opening) == ("one", 1)


async def test_who_is_not_known_by_an_address_is_unverified():
    its = desk()
    assert await presses(its).answer(PRESS, SOMEBODY) == Done()
    assert (its.wishes[0].by, its.wishes[0].verified) == ("somebody", False)


async def test_who_may_not_see_its_models_may_not_act():
    its = desk(groups=("A",))
    secret = presses(its, groups=("A",))
    assert await secret.answer(PRESS, SOMEBODY) == Done(private=UNSEEN)
    assert its.wishes == []
    assert await secret.answer(PRESS, ANN) == Done()
    other = desk(groups=("B",))
    assert await presses(other, groups=("B",)).answer(PRESS, ANN) == Done(private=UNSEEN)
    assert other.wishes == []


async def test_who_may_see_a_part_of_it_may_not_act():
    its = Desk(
        [
            OpenIncident(
                kept(
                    incident=incident(id="one", eval_sets=("a", "b")),
                    needs=Needs(("B",)),
                ),
                ("one",),
                "still_open",
            )
        ]
    )
    done = await presses(its, groups=("public",), more=[("b", ("B",))]).answer(PRESS, ANN)
    assert done == Done(private=OTHERS)
    assert its.wishes == []


async def test_an_admin_may():
    its = desk(groups=("B",))
    admins = {"web": {"admins": "model-access-A"}}
    assert await presses(its, groups=("B",), **admins).answer(PRESS, ANN) == Done()


async def test_the_page_s_rule_on_who_may_ask_holds_here_too():
    its = desk()
    ruled = presses(its, web={"groups": "model-access-A"})
    refused = await ruled.answer(PRESS, SOMEBODY)
    assert "web.groups" in refused.private
    assert its.wishes == []
    assert await ruled.answer(PRESS, ANN) == Done()


async def test_people_of_another_workspace_may_not():
    its = desk()
    stranger = Person("eve", "eve@red.example.org", is_foreign=True)
    assert await presses(its).answer(PRESS, stranger) == Done(private=FOREIGN)
    assert its.wishes == []


@pytest.mark.parametrize("do", ["acknowledge", "silence", "unacknowledge", "unsilence"])
async def test_what_is_over_can_only_be_judged(do):
    over = kept(incident=INCIDENT, resolved_at=NOW - 60)
    its = Desk(past=[over])
    assert await presses(its).answer(press(do, opening=1), ANN) == Done(private=OVER)
    assert its.wishes == []


async def test_a_judgement_of_what_is_over_is_said_in_the_thread():
    judged = act("judgement", by="ann@red.example.org", verified=True)
    its = Desk(past=[kept(incident=INCIDENT, resolved_at=NOW - 60, acts=(judged,))])
    done = await presses(its).answer(press("false"), ANN)
    assert done.public == "Judged false by ann@red.example.org: looking into it"
    assert its.wishes[0].judged is False


async def test_an_old_message_s_button_is_about_what_it_was_then():
    over = kept(incident=INCIDENT, opening=1, resolved_at=NOW - 60)
    its = desk(opening=2, past=[over])
    assert await presses(its).answer(press(opening=1), ANN) == Done(private=OVER)
    assert await presses(its).answer(press(opening=2), ANN) == Done()


async def test_what_is_forgotten_is_said_so():
    done = await presses(Desk()).answer(press(incident="gone"), ANN)
    assert done == Done(private="no incident of this id is known")


async def test_before_the_first_poll():
    async def see(_viewer):
        return None, None, None

    made = Presses(see, desk(), lambda: load({}), lambda: NOW)
    assert await made.answer(PRESS, ANN) == Done(private=FIRST_POLL)


async def test_a_ledger_that_fails_is_named():
    its = desk()
    its.flaw = "the ledger can't be written"
    assert (await presses(its).answer(PRESS, ANN)).private == "the ledger can't be written"
