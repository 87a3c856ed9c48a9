"""What a database that wishes harm can do ends as an error that its readers know."""

import sqlite3
from contextlib import closing

import pytest

from watchdog.collect.inspect.sqlite_guard import opened


def test_one_that_asks_for_more_memory_than_there_is_can_not_be_read(tmp_path):
    path = tmp_path / "samples.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE t (x)")
    made.close()
    with pytest.raises(sqlite3.DatabaseError, match="more memory"), opened(path):
        raise MemoryError
