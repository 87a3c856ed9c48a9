"""A PostgreSQL user who may not do all that a ledger takes: said, and pages go on from memory."""

from urllib.parse import urlsplit

import pytest

from tests.builders.delivery import Delivery
from tests.builders.snapshots import NOW, eval_set, incident, quiet, snapshot
from watchdog import cli
from watchdog.config.load import load
from watchdog.model.verdict import Verdict
from watchdog.notify.decide import Reason
from watchdog.notify.ledger.checkpoints import open_checkpoints
from watchdog.notify.ledger.database import open_ledger
from watchdog.pipeline.doctor import ledger as doctor
from watchdog.pipeline.doctor.finding import Patient
from watchdog.service.build import build

STUCK = snapshot(eval_set(), incidents=(incident(),))
WELL = snapshot(quiet(incident().eval_sets[0], Verdict.PROGRESSING))


class Limited:
    """A database, and the address of somebody who may connect to it and nothing else."""

    def __init__(self, server):
        self.server = server
        self.owner = server.add_database()
        self.name = self.owner.rpartition("/")[2]
        self.user = f"limited_{self.name}"
        server.ask(f"CREATE ROLE {self.user} LOGIN")
        self.state = (
            urlsplit(self.owner)._replace(netloc=f"{self.user}@127.0.0.1:{server.port}").geturl()
        )

    def make_tables(self):
        open_ledger(self.owner, NOW).ledger.close()
        open_checkpoints(self.owner, NOW, "", "1").store.close()

    def grant(self, rights):
        self.server.ask(f"GRANT {rights} TO {self.user}", self.name)

    def close(self):
        self.server.drop_database(self.owner)
        self.server.ask(f"DROP ROLE {self.user}")


@pytest.fixture
def limited(postgresql):
    made = Limited(postgresql)
    yield made
    made.close()


async def examined(state):
    (found,) = await doctor.examine(Patient(load({"state": state}), lambda: NOW))
    return found


def refused(capsys, *arguments):
    capsys.readouterr()
    assert cli.main([*arguments]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


async def test_who_may_make_no_tables_is_told_and_pages_from_memory(limited, capsys):
    opened = open_ledger(limited.state, NOW)
    (warning,) = opened.warnings
    assert "permission denied for schema public" in warning
    assert "nothing outlives a restart until it can" in warning
    rig = Delivery(limited.state, STUCK)
    rig.take(opened)
    assert await rig.turn(STUCK) == [Reason.OPEN]
    assert rig.channel.kinds == ["opened"]
    assert rig.deliverer.failing
    found = await examined(limited.state)
    assert (found.status, "permission denied for schema public" in found.sentence) == ("failed", 1)
    said = refused(capsys, "purge", "a", "--state", limited.state)
    assert "permission denied for schema public" in said
    said = refused(capsys, "mute", "a", "--for", "1h", "--state", limited.state)
    assert "there is no ledger at" in said
    limited.grant("CREATE ON SCHEMA public")
    assert (await examined(limited.state)).status == "ok"
    await rig.turn(STUCK)
    assert rig.deliverer.failing == ()
    assert await rig.reread() == ([Reason.STILL_OPEN], [])
    await rig.deliverer.aclose()


async def test_who_may_only_read_is_told_and_pages_from_memory(limited, capsys):
    limited.make_tables()
    limited.grant("SELECT ON ALL TABLES IN SCHEMA public")
    rig = Delivery(limited.state, STUCK)
    rig.take(open_ledger(limited.state, NOW))
    assert await rig.turn(STUCK) == [Reason.OPEN]
    assert rig.channel.kinds == ["opened"]
    assert "permission denied for table" in rig.deliverer.failing[0][1]
    assert "permission denied for table" in (await examined(limited.state)).sentence
    said = refused(capsys, "mute", "a", "--force", "--for", "1h", "--state", limited.state)
    assert "it can't be written: permission denied for table mutes" in said
    limited.grant("ALL ON ALL TABLES IN SCHEMA public")
    limited.grant("ALL ON ALL SEQUENCES IN SCHEMA public")
    await rig.turn(STUCK)
    assert rig.deliverer.failing == ()
    assert await rig.reread() == ([Reason.STILL_OPEN], [])
    await rig.deliverer.aclose()


@pytest.mark.parametrize("rights", ["nothing", "read", "hot standby"])
async def test_a_service_begins_and_goes_on(limited, tmp_path, rights):
    if rights != "nothing":
        limited.make_tables()
        limited.grant("ALL ON ALL TABLES IN SCHEMA public")
    if rights == "read":
        revoked = f"INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public FROM {limited.user}"
        limited.server.ask(f"REVOKE {revoked}", limited.name)
    if rights == "hot standby":
        limited.server.ask(f"ALTER ROLE {limited.user} SET default_transaction_read_only = on")
    (tmp_path / "logs").mkdir()
    given = {"state": limited.state, "logs": [str(tmp_path / "logs")], "status_feeds": ()}
    app = build(load(given), [], lambda: NOW)
    await app.start()
    snapshot_made = await app.tick()
    await app.save()
    assert snapshot_made.report.eval_sets == ()
    assert "ledger" in dict(app._deliverer.failing)
    await app.aclose()
