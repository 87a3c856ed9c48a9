"""The real Chromium, driven by Playwright. On Debian: `apt-get install chromium`."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.browser.serving import Serving

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


def program() -> str:
    """Its path. Where it isn't installed the test is skipped, in CI it fails."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        missing = "chromium is not installed: apt-get install chromium"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(missing)
        pytest.skip(missing)
    return path


VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error("policy: " + event.violatedDirective + " " + event.blockedURI));"""


class Reader:
    """Somebody before a page, and all that the browser complained of: console, policy, flaws.

    The test fails for each complaint at its end (`conftest.py`), but for those that are `expected`:
    parts of their texts.
    """

    def __init__(self, page, serving: Serving) -> None:
        self.page, self.serving = page, serving
        self.complaints: list[str] = []
        self.expected: tuple[str, ...] = ()
        self.statuses: list[int] = []
        page.add_init_script(VIOLATIONS)
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", lambda answer: self.statuses.append(answer.status))

    @property
    def unexpected(self) -> list[str]:
        """What the test must not let pass."""
        return [c for c in self.complaints if not any(text in c for text in self.expected)]

    def open(self, path: str = "/") -> None:
        """Go there."""
        self.page.goto(self.serving.url + path)

    def text(self, selector: str) -> str:
        """What stands there, as it is shown."""
        return self.page.inner_text(selector)

    def wait_for(self, condition: str) -> None:
        """Until this is so, a JavaScript expression."""
        self.page.wait_for_function(f"() => {condition}", timeout=60_000)

    def is_shown(self, selector: str) -> bool:
        """Whether it lies within the screen, all of it."""
        box = self.page.locator(selector).bounding_box()
        size = self.page.viewport_size
        return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= size["height"]

    def is_too_wide(self) -> bool:
        """Whether it must be scrolled sideways."""
        return self.page.evaluate("document.documentElement.scrollWidth > innerWidth")


@contextmanager
def reader(browser, serving: Serving, **more) -> Iterator[Reader]:
    """Somebody with a browser of their own (`browser.new_context`'s arguments)."""
    context = browser.new_context(**{"viewport": DESK, **more})
    context.set_default_timeout(60_000)
    try:
        yield Reader(context.new_page(), serving)
    finally:
        context.close()
