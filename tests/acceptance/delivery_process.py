"""A process that delivers what it is given, and may be killed at any point of that."""

import asyncio

from pydantic import SecretStr

from tests.builders.snapshots import NOW, eval_set, incident, quiet, snapshot
from tests.doubles.slack_api import CHANNEL, TOKEN
from watchdog.model.verdict import Verdict
from watchdog.notify.channels.retry_policy import RetryPolicy
from watchdog.notify.channels.slack_bot import SlackBot
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger.database import open_ledger

NAMES = ("one", "two", "three")


def view(*stuck):
    """A snapshot in which these eval sets are stuck and the others aren't."""
    incidents = tuple(
        incident(id=f"id-{name}", subject=name, summary=f"about {name}", eval_sets=(name,))
        for name in stuck
    )
    rest = [quiet(name, Verdict.PROGRESSING) for name in NAMES if name not in stuck]
    return snapshot(*(eval_set(name) for name in stuck), *rest, incidents=incidents)


def deliver(url: str, state: str) -> None:
    """Open three incidents, then end them; what an earlier life left is gone on with."""
    asyncio.run(_deliver(url, state))


async def _deliver(url: str, state: str) -> None:
    async def soon(_seconds: float) -> None:
        await asyncio.sleep(0.01)

    bot = SlackBot(SecretStr(TOKEN), CHANNEL, api_url=url, retry_policy=RetryPolicy(soon))
    clock = [NOW]
    ledger = open_ledger(f"sqlite:///{state}", NOW).ledger
    deliverer = Deliverer(ledger, [bot], lambda: clock[0])
    await deliverer.start()
    # the last one ends what came back to a second life, which must be absent for a while
    for look in (view(*NAMES), view(), view()):
        await deliverer.handle(look, True)
        for _ in range(3):
            await deliverer.flush()
            clock[0] += 3600
    await deliverer.aclose()
