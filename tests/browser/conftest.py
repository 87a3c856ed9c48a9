"""One browser for the tests of a file, a service and a reader for each."""

import contextlib

import pytest

from tests.browser.chromium import program, reader
from tests.browser.serving import serving


@pytest.fixture(scope="module")
def browser():
    """A real Chromium, gone before others need an event loop."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = program()
    with sync_api.sync_playwright() as playwright:
        # a container has no user namespaces for the sandbox, and what is opened is ours
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def service():
    """The application, showing nothing yet."""
    with serving() as made:
        yield made


@pytest.fixture
def look(browser, service):
    """Somebody who looks; `look(viewport=PHONE)`. What the browser complains of fails the test."""
    readers = []

    def made(**more):
        one = stack.enter_context(reader(browser, service, **more))
        readers.append(one)
        return one

    with contextlib.ExitStack() as stack:
        yield made
        complaints = [text for one in readers for text in one.unexpected]
    assert complaints == [], "the browser complained"
