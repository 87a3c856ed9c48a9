"""What is counted of models' calls outlives the service."""

from sqlalchemy import update

from watchdog.diagnose.fleet_parts import Part
from watchdog.model.learned import Learned
from watchdog.notify.ledger import experience
from watchdog.notify.ledger.database import open_ledger
from watchdog.notify.ledger.tables import learned_table
from watchdog.notify.ledger.worker import LedgerWorker
from watchdog.service.kept_calls import KeptCalls

NOW = 1_795_420_800.0


def opened(state, clock=lambda: NOW):
    ledger = open_ledger(state, NOW, "watch").ledger
    return ledger, LedgerWorker(ledger, None, clock)


def counting(ledger, worker, now=NOW):
    kept = KeptCalls(ledger, worker, now)
    kept.watch.begin(now)
    kept.watch.part("openai/gpt-4o", Part(ok=[now - 30], samples=1), 1)
    kept.watch.end()
    kept.figures(now)
    return kept


async def test_the_next_start_goes_on(state):
    ledger, worker = opened(state)
    await counting(ledger, worker).save()
    await worker.aclose()
    ledger, worker = opened(state)
    again = KeptCalls(ledger, worker, NOW + 60)
    (model,) = again.figures(NOW + 60).models
    assert [count.ok for count in model.counts] == [1, 1, 1]
    await worker.aclose()


async def test_what_is_damaged_is_begun_anew(state):
    ledger, worker = opened(state)
    await counting(ledger, worker).save()
    with ledger.transaction() as connection:
        connection.execute(update(learned_table).values(record="nonsense"))
    again = KeptCalls(ledger, worker, NOW)
    assert not again.figures(NOW).models
    await worker.aclose()


async def test_it_is_none_of_what_was_learned_and_set_aside(state):
    ledger, worker = opened(state)
    await counting(ledger, worker).save()
    for n in range(6):
        experience.save(ledger, Learned(version=99), NOW + n)
        assert experience.load(ledger, NOW + n).warning
    assert KeptCalls(ledger, worker, NOW).figures(NOW).models
    await worker.aclose()
