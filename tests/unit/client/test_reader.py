"""Names that people type for samples: whole ones, and beginnings that tell."""

import pytest
from msgspec.structs import replace

from tests.builders.inside import row
from watchdog.client.errors import NotFoundError
from watchdog.client.reader import sample_meant

ROWS = [
    replace(row("x"), task="mmlu", id=name, epoch=1, uuid=uuid)
    for name, uuid in (("42", "nWJu3Mz9"), ("HumanEval/7", "nWJu4Ab1"), ("HumanEval/77", "q0"))
]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("42", "42"),
        ("nWJu3Mz9", "42"),
        ("nWJu3", "42"),
        ("HumanEval/7", "HumanEval/7"),
        ("mmlu/4", "42"),
        ("mmlu/HumanEval/77", "HumanEval/77"),
    ],
)
def test_a_sample_is_meant_by_a_name_or_its_beginning(asked, found):
    assert sample_meant(asked, ROWS).id == found


@pytest.mark.parametrize(
    ("asked", "why"),
    [("nWJu", "may be several"), ("Human", "may be several"), ("nWJ", "there is no sample nWJ")],
)
def test_what_is_none_or_several_is_said(asked, why):
    with pytest.raises(NotFoundError, match=why):
        sample_meant(asked, ROWS)
