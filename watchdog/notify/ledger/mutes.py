"""What people muted by hand, kept beside the ledger.

`watchdog mute` writes it, the service reads it. A mute is about names of eval sets, whatever
service watches them.
"""

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from watchdog.model.allowances import Allowance, Override
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.tables import mutes_table

MUTES_MAX = 1000
NAME_MAX = 512
"""Characters of what is muted."""


class Mute(Struct, frozen=True):
    """Nothing is told of eval sets whose ids match, until then (seconds since the epoch)."""

    eval_set: str
    until: float
    reason: str = ""

    @property
    def override(self) -> Override:
        """As the rules take it."""
        allowance = Allowance(mute_until=self.until, mute_reason=self.reason)
        return Override(allowance, eval_set=self.eval_set)


def mutes(ledger: Ledger, now: float) -> tuple[Mute, ...]:
    """Those that hold now, by name."""
    query = select(mutes_table).where(mutes_table.c.until > now).order_by(mutes_table.c.eval_set)
    with ledger.transaction() as connection:
        rows = connection.execute(query.limit(MUTES_MAX)).all()
    return tuple(Mute(row.eval_set, row.until, row.reason) for row in rows)


def mute(ledger: Ledger, wanted: Mute, now: float) -> None:
    """Take the place of an earlier mute of the same name; forget those that ended."""
    with ledger.transaction() as connection:
        put(connection, wanted, now)


def put(connection: Connection, wanted: Mute, now: float) -> None:
    """The same, within a transaction."""
    same = mutes_table.c.eval_set == wanted.eval_set
    connection.execute(delete(mutes_table).where(same | (mutes_table.c.until <= now)))
    values = {"eval_set": wanted.eval_set, "until": wanted.until, "reason": wanted.reason}
    connection.execute(insert(mutes_table).values(values))


def unmute(ledger: Ledger, eval_set: str) -> bool:
    """End a mute; whether there was one of this name."""
    with ledger.transaction() as connection:
        query = delete(mutes_table).where(mutes_table.c.eval_set == eval_set)
        return connection.execute(query).rowcount > 0
