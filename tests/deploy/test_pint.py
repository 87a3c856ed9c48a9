"""What pint (Cloudflare's linter of rules) finds in them without a Prometheus: nothing."""

import pytest

from tests.deploy.built import run_built
from tests.deploy.expressions import RULES

LINT = ("--offline", "--no-color", "lint", "--min-severity=info", "--fail-on=info")


def test_the_rules_have_no_problem(tmp_path):
    status, said = run_built("pint", *LINT, RULES, cwd=tmp_path)
    assert status == 0, said


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ("sum(eval_watchdog_leader) by (job", "promql/syntax"),
        ("rate(eval_watchdog_leader[1m]) / sum without (a) (up)", "promql/fragile"),
    ],
)
def test_it_would_find_one(tmp_path, wrong, found):
    rules = tmp_path / "rules.yaml"
    rules.write_text(f"groups: [{{name: a, rules: [{{record: 'a:b', expr: '{wrong}'}}]}}]\n")
    status, said = run_built("pint", *LINT, rules, cwd=tmp_path)
    assert status != 0
    assert found in said
