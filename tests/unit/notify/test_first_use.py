"""msgspec 0.22 learns a type at its first use, without a lock: two threads at once end the process.

The ledger is read by several threads, so what it decodes is known since its modules were imported.
"""

import ast

import pytest

from tests.paths import ROOT

LEDGER = sorted((ROOT / "watchdog" / "notify" / "ledger").glob("*.py"))


@pytest.mark.parametrize("path", LEDGER, ids=lambda path: path.stem)
def test_no_record_of_the_ledger_is_learned_when_it_is_read(path):
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("json.decode"):
            kinds = [each.value for each in call.keywords if each.arg == "type"]
            names = [ast.unparse(kind) for kind in kinds]
            assert not [name for name in names if name.partition("[")[0] not in {"dict", "list"}]
