"""Healthy twins of what the run itself tells: nothing is told of them."""

import pytest

from tests.quality.itself import erring


@pytest.mark.parametrize("number", range(4))
def test_a_few_samples_that_err_are_no_news(number):
    assert not erring(number, sick=False).told()
