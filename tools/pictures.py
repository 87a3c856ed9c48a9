"""Make README's pictures anew from the demo: `make pictures`. Needs Chromium; takes two minutes.

The page as the demo's service serves it while a sample is stuck, and what the terminal says then.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.async_api import async_playwright
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from demo.__main__ import DETECTION, TROUBLE, ended, settings_of, started
from watchdog.service.run import serve

if TYPE_CHECKING:
    from watchdog.model.report import Snapshot

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE, TERMINAL = DOCS / "page.png", DOCS / "terminal.png"
SIZE = {"width": 1120, "height": 900}
COLUMNS = 100
BYTES_MAX = 150_000
SECONDS = 300.0
AFTER = 25
"""Polls after the sample was found stuck: then there is something to be seen."""
COLOURS = ("2e353d", "ff8a80", "6fcf8f", "f2b25c", "7cb8f7", "c3a2f5", "78c8c8", "e4e8ec")
"""Black, red, green, yellow, blue, magenta, cyan, white: the dark page's."""
FORMAT = """<!doctype html><meta charset="utf-8"><style>{stylesheet}
body {{ margin: 0; background: #0f1216; color: #e4e8ec; }}
pre {{ margin: 0; padding: 16px; font: 14px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }}
</style><pre><code>{code}</code></pre>"""


class Stuck:
    """Waits until the demo's sample has been stuck for a while."""

    def __init__(self) -> None:
        self.url = ""
        self.seen = asyncio.Event()
        self._polls = 0

    def take(self, snapshot: Snapshot) -> None:
        """A poll ended."""
        self._polls += any(one.cause is TROUBLE for one in snapshot.report.incidents)
        if self._polls >= AFTER:
            self.seen.set()

    def begun(self, url: str) -> None:
        """It serves."""
        self.url = url


async def main() -> int:
    """0 when both pictures were made."""
    with tempfile.TemporaryDirectory(prefix="watchdog-pictures-") as folder:
        logs = Path(folder, "logs")
        await asyncio.to_thread(logs.mkdir)
        with contextlib.chdir(folder):  # so that no path of this machine is in the picture
            await taken(logs)
    sizes = {path.name: path.stat().st_size for path in (PAGE, TERMINAL)}
    sys.stdout.write("".join(f"{name}: {size:,} bytes\n" for name, size in sizes.items()))
    return max(sizes.values()) > BYTES_MAX


async def taken(logs: Path) -> None:
    """Run the demo until its sample is stuck, and take both."""
    settings = settings_of(Path(logs.name), logs.with_name("state.sqlite3"))
    evaluation, stuck, stop = await started(logs), Stuck(), asyncio.Event()
    service = serve(settings, on_snapshot=stuck.take, on_start=stuck.begun, stop=stop)
    serving = asyncio.create_task(service)
    try:
        await asyncio.wait_for(stuck.seen.wait(), SECONDS)
        await pictures(stuck.url, logs)
    finally:
        stop.set()
        await ended(evaluation)
        await serving


async def pictures(url: str, logs: Path) -> None:
    """Take both."""
    words = ["check", logs.name]
    told = await asyncio.to_thread(said, words, logs.parent)
    async with async_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = await browser.new_page(viewport=SIZE, color_scheme="light", timezone_id="UTC")
        await page.goto(f"{url}/")
        await page.screenshot(path=PAGE)
        await page.set_viewport_size({"width": 900, "height": 300})
        await page.goto("about:blank")
        await page.set_content(html(words, told))
        await page.locator("pre").screenshot(path=TERMINAL)
        await browser.close()


def said(words: list[str], folder: Path) -> str:
    """What a command prints on a terminal, by the demo's rules."""
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    rules = {"WATCHDOG_DETECTION_SCALE": str(DETECTION["scale"]), "PYTHONPATH": str(DOCS.parent)}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "watchdog", *words],
        cwd=folder,
        env={**os.environ, **terminal, **rules},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout or done.stderr


def html(words: list[str], told: str) -> str:
    """A terminal's text as a page."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, force_terminal=True, file=nowhere)
        console.print(Text(f"$ watchdog {' '.join(words)}", "bold"))
        console.print(Text.from_ansi(told.rstrip()))
        return console.export_html(theme=_theme(), code_format=FORMAT)


def _theme() -> TerminalTheme:
    colours = [tuple(bytes.fromhex(one)) for one in COLOURS]
    back, text = (15, 18, 22), (228, 232, 236)
    return TerminalTheme(back, text, colours)  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
