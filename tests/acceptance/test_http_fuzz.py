"""The HTTP surface answers as its OpenAPI document says, whatever is asked."""

import pytest
import schemathesis

from tests.fuzz import http
from watchdog.surfaces.web.openapi import document

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def test_the_document_is_valid():
    schemathesis.openapi.from_dict(document()).validate()


def test_in_the_process():
    assert http.in_process(10) >= 10


def test_over_a_real_socket():
    assert http.by_socket(10) >= 10
