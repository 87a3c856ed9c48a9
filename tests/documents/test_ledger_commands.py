"""A ledger is set up, backed up and restored by the documents' own commands."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.documents.ways import commands_of
from tests.doubles.postgresql import program
from watchdog.notify.ledger.database import open_ledger
from watchdog.notify.ledger.mutes import Mute, mute, mutes

COMMANDS = commands_of("ledger")
NOW = 1_800_000_000.0
OURS = "postgresql://watchdog@db.example.org/watchdog"


def run(command, folder, standard_input="", **environment):
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={**os.environ, **environment},
        input=standard_input,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,  # no terminal: a password is read from standard input
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def one(start):
    """The command that begins so."""
    (command,) = (command for command in COMMANDS if command.startswith(start))
    return command


def put(ledger, name):
    mute(ledger, Mute(name, NOW + 3600), NOW)


def kept(state, *names):
    """What a ledger holds, once these are put into it."""
    ledger = open_ledger(state, NOW).ledger
    for name in names:
        put(ledger, name)
    found = [each.eval_set for each in mutes(ledger, NOW)]
    ledger.close()
    return found


def test_none_is_left_out():
    starts = ("createuser", "createdb", "pg_dump", "pg_restore", "python3 -c", "cd ~")
    assert sorted(map(one, starts)) == sorted(COMMANDS)


def test_a_file_is_backed_up_while_it_is_used(tmp_path):
    home = tmp_path / ".local" / "state" / "stuck-eval-watchdog"
    home.mkdir(parents=True)
    state = f"sqlite:///{home / 'state.sqlite3'}"
    kept(state, "before")
    used = open_ledger(state, NOW).ledger
    put(used, "in the write-ahead log")
    run(f"{one('cd ~')} && {one('python3 -c')}", tmp_path, HOME=str(tmp_path))
    used.close()
    copy = tmp_path / "elsewhere.sqlite3"
    shutil.copy(home / "ledger.sqlite3", copy)
    assert kept(f"sqlite:///{copy}") == ["before", "in the write-ahead log"]


@pytest.fixture
def server(postgresql, monkeypatch):
    """The real one, as its own user; the documents' names are others here, as ours is taken."""
    binaries = str(Path(program("postgres")).parent)
    monkeypatch.setenv("PATH", f"{binaries}:{os.environ['PATH']}")
    for name, value in {"PGHOST": "127.0.0.1", "PGPORT": postgresql.port}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("PGUSER", "watchdog")
    monkeypatch.setenv("PGDATABASE", "postgres")
    yield postgresql
    postgresql.ask("drop database if exists documented")
    postgresql.ask("drop role if exists documented")


def test_a_database_is_made_backed_up_and_restored(server, tmp_path):
    there = f"postgresql://documented@127.0.0.1:{server.port}/documented"
    made = one("createuser").replace("watchdog", "documented")
    run(made, tmp_path, "secret\nsecret\n")
    run(one("createdb").replace("watchdog", "documented"), tmp_path)
    kept(there, "before")
    run(one("pg_dump").replace(OURS, there), tmp_path)
    assert kept(there, "after") == ["after", "before"]
    run(one("pg_restore").replace(OURS, there), tmp_path)
    assert kept(there) == ["before"]
