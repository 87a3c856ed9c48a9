"""Forty eval sets on one failing model, from what is remembered of them to what Slack shows."""

from pydantic import SecretStr

from tests.builders.rows import Rows, facts, schedule, state
from tests.doubles.slack_api import CHANNEL, TOKEN
from watchdog.model.thresholds import Thresholds
from watchdog.notify.channels.slack_bot import SlackBot
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger.database import memory_ledger
from watchdog.pipeline.evaluate import evaluate

ATTEMPTS = schedule(600, 11)
NOW = ATTEMPTS[-1] + 60
NAMES = [f"set-{number:02}" for number in range(40)]


def failing(offset):
    return Rows().fails([at + offset for at in ATTEMPTS if at + offset <= NOW])


def working(rows, now):
    rows = replace_rows(rows)
    for at in range(int(NOW) + 60, int(now), 60):
        rows.ok(at, 20)
    return rows


def replace_rows(rows):
    made = Rows(rows.model)
    made.rows = list(rows.rows)
    return made


async def test_one_incident_one_message_and_what_recovers_is_said_in_place(slack):
    bot = SlackBot(SecretStr(TOKEN), CHANNEL, api_url=slack.server.url)
    clock = [NOW]
    deliverer = Deliverer(memory_ledger(), [bot], lambda: clock[0])
    rows = {name: failing(place) for place, name in enumerate(NAMES)}

    async def see(now):
        clock[0] = now
        states = [
            state(facts({"1": rows[name]}, read_at=now, eval_set=name), eval_set=name)
            for name in NAMES
        ]
        seen = evaluate(states, (), now, Thresholds(), 90.0)
        await deliverer.handle(seen, True)
        await deliverer.flush()
        return seen

    seen = await see(NOW)
    (incident,) = seen.report.incidents
    assert (incident.scope, incident.subject) == ("model", "openai/gpt-4o")
    (head,) = slack.api.heads
    details = slack.api.details(head.ts)
    assert all(name in details.shown for name in NAMES)
    later = NOW + 12 * 3600
    for name in NAMES[::2]:
        rows[name] = working(rows[name], later)
    for name in NAMES[1::2]:
        rows[name] = replace_rows(rows[name]).fails(range(int(NOW) + 1800, int(later), 1800))
    seen = await see(later)
    stuck = {name for each in seen.report.incidents for name in each.eval_sets}
    assert stuck == set(NAMES[1::2])
    (head,) = slack.api.heads
    assert (head.edits, details.edits) == (1, 1)
    assert "(20 of 40 still stuck)" in details.shown
    assert all(name in details.shown for name in NAMES)
    assert slack.api.replies(head.ts) == []
    assert slack.api.complaints == []
    await deliverer.aclose()
