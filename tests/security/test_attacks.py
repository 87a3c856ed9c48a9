"""A handful of the worst attacks, at a size that CI bears: what is said, and that others go on."""

import json

import pytest

from tests.security import eval_sets
from tests.security.attack import all_attacks
from tests.security.checked import check
from tests.security.measure import measured_attack, usual
from tests.security.page import table

WORDED = (
    "zstd window of 2 GiB",
    "200,000 frames",
    "size too small",
    "64-bit record beyond the end",
    "fifo as manifest",
    "link to /dev/zero as manifest",
    "1 TB of zeros as log",
    "interactions in depth",
)
BESIDE = ("names", "link to itself as buffer")


def test_names_are_unique():
    names = [attack.name for attack in all_attacks()]
    assert len(names) == len(set(names))


def test_the_eval_sets_beside_are_what_they_say(tmp_path):
    eval_sets.stuck(tmp_path / "late")
    eval_sets.healthy(tmp_path / "healthy")
    cost = check(tmp_path, now=None)
    verdicts = {one["eval_set_id"]: one["verdict"] for one in cost.report["eval_sets"]}
    assert verdicts == {"late": "stuck", "healthy": "progressing"}


@pytest.mark.acceptance
@pytest.mark.parametrize("name", WORDED)
def test_what_is_hostile_is_named_and_the_rest_judged(name, tmp_path):
    attack = next(one for one in all_attacks() if one.name == name)
    target = attack.build(tmp_path / "target")
    eval_sets.stuck(target / "late")
    cost = check(target, now=None)
    assert cost.report is not None, cost.errors
    assert "Traceback" not in cost.errors
    verdicts = {one["eval_set_id"]: one["verdict"] for one in cost.report["eval_sets"]}
    assert verdicts["late"] == "stuck"
    assert attack.says in cost.said
    assert len(json.dumps(cost.report)) < 1_000_000


@pytest.mark.acceptance
def test_a_service_goes_on_beside_it_and_ends_when_it_is_told_to():
    idle = usual()
    attacks = [one for one in all_attacks() if one.name in BESIDE]
    rows = [measured_attack(attack, idle) for attack in attacks]
    assert [row.name for row in rows] == [attack.name for attack in attacks]
    for row in rows:
        assert row.beside.answers
        assert "late: stuck" in row.beside.said
        assert "healthy: progressing" in row.beside.said
    assert table(rows, idle, 0.0).count("\n| ") == len(rows) + 2
