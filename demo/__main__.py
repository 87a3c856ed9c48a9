"""Run the demo's evaluation and watch it, until it has ended or Ctrl-C."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from watchdog.config.load import load
from watchdog.config.settings import Settings
from watchdog.model.instants import from_timestamp as instant
from watchdog.model.report import IncidentReport, Snapshot
from watchdog.model.texts import clean
from watchdog.model.verdict import Verdict
from watchdog.model.words import duration
from watchdog.service.run import serve
from watchdog.surfaces.terminal import print_report

INTERVAL = 1.0
DEADLINE = 240.0
DETECTION = {"scale": 1 / 30}
"""The rules in fast motion: what is half an hour elsewhere is a minute here."""

COLOURS = {
    Verdict.STUCK: "bold red",
    Verdict.PARTIALLY_STUCK: "bold red",
    Verdict.DEGRADED: "yellow",
    Verdict.UNKNOWN: "magenta",
    Verdict.PROGRESSING: "green",
}


class Story:
    """Prints what changes from snapshot to snapshot."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.verdict: Verdict | None = None
        self.incidents: dict[str, IncidentReport] = {}
        self.caught = False
        self.recovered = False
        self.finished = asyncio.Event()

    def tell(self, snapshot: Snapshot) -> None:
        """The snapshot's news, and whether the evaluation has ended."""
        report = snapshot.report
        if not report.eval_sets:
            return
        eval_set = report.eval_sets[0]
        if eval_set.verdict is not self.verdict:
            self.verdict = eval_set.verdict
            self._line(snapshot, eval_set.verdict.value, COLOURS.get(eval_set.verdict, "cyan"))
            self._say(eval_set.summary)
        self._incidents(snapshot)
        if eval_set.verdict is Verdict.FINISHED:
            self.finished.set()

    def _incidents(self, snapshot: Snapshot) -> None:
        now = {incident.id: incident for incident in snapshot.report.incidents}
        for incident in now.values():
            if incident.id not in self.incidents:
                self.caught = True
                self._line(snapshot, "incident opened (Slack would hear of it once)", "bold red")
                self._report(snapshot)
        for incident in self.incidents.values():
            if incident.id not in now:
                self.recovered = True
                since = instant(incident.since) or snapshot.at
                lasted = duration(snapshot.at - since)
                self._line(snapshot, f"incident resolved after {lasted}", "bold green")
        self.incidents = now

    def _report(self, snapshot: Snapshot) -> None:
        self.console.print()
        print_report(snapshot.report, self.console)
        self.console.print()

    def _line(self, snapshot: Snapshot, text: str, style: str) -> None:
        clock = (snapshot.report.now or "")[11:19]
        self.console.print(f"{clock}  [{style}]{text}[/]", highlight=False)

    def _say(self, text: str) -> None:
        self.console.print(Padding(Text(clean(text)), (0, 0, 0, 10)))


async def demo(console: Console) -> int:
    """Evaluation and watchdog side by side; 0 when the stuck sample was found and recovered."""
    with tempfile.TemporaryDirectory(prefix="watchdog-demo-") as folder:
        logs = Path(folder, "logs")
        await asyncio.to_thread(logs.mkdir)
        settings = _settings(logs, Path(folder, "state.sqlite3"))
        story = Story(console)
        evaluation = await _start(logs)
        try:
            return await _watch(settings, story, evaluation)
        finally:
            await _end(evaluation)


def _settings(logs: Path, state: Path) -> Settings:
    return load(
        {
            "logs": (str(logs),),
            "listen": os.environ.get("WATCHDOG_LISTEN", "127.0.0.1:0"),
            "interval": INTERVAL,
            "listing_interval": INTERVAL,
            "state": str(state),
            "detection": DETECTION,
            "log_level": "warning",
        }
    )


async def _start(logs: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "demo.evaluation",
        str(logs),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


async def _watch(settings: Settings, story: Story, evaluation: asyncio.subprocess.Process) -> int:
    stop = asyncio.Event()
    ender = asyncio.create_task(_when_over(story, evaluation, stop))
    try:
        await serve(settings, on_snapshot=story.tell, on_start=_introduce(story.console), stop=stop)
    finally:
        ender.cancel()
        with suppress(asyncio.CancelledError):
            await ender
    return _verdict(story)


def _introduce(console: Console) -> Callable[[str], None]:
    def introduce(url: str) -> None:
        console.print("A real Inspect evaluation runs: 8 samples, a scripted provider, no network.")
        console.print("In a few seconds the provider begins to fail one of them, for a while.")
        console.print(
            "Minutes are seconds here. It takes about a minute and a half; Ctrl-C ends it."
        )
        console.print(f"  page     {url}/", highlight=False)
        console.print(f"  metrics  {url}/metrics", highlight=False)
        console.print(f"  report   {url}/api/v1/report\n", highlight=False)

    return introduce


async def _when_over(
    story: Story, evaluation: asyncio.subprocess.Process, stop: asyncio.Event
) -> None:
    """Sets `stop` when the evaluation was seen to finish, died, or takes far too long."""
    waits = {
        asyncio.create_task(story.finished.wait()),
        asyncio.create_task(_died(evaluation, story)),
    }
    _, pending = await asyncio.wait(waits, timeout=DEADLINE, return_when=asyncio.FIRST_COMPLETED)
    for wait in pending:
        wait.cancel()
    stop.set()


async def _died(evaluation: asyncio.subprocess.Process, story: Story) -> None:
    """Returns when the evaluation ended in an error; waits for ever when it ended well."""
    _, errors = await evaluation.communicate()
    if evaluation.returncode == 0:
        await asyncio.Event().wait()
    story.console.print(f"The evaluation failed:\n{errors.decode(errors='replace')}", markup=False)


async def _end(evaluation: asyncio.subprocess.Process) -> None:
    if evaluation.returncode is None:
        with suppress(ProcessLookupError):
            evaluation.kill()
        await evaluation.wait()


def _verdict(story: Story) -> int:
    if story.finished.is_set() and story.caught and story.recovered:
        story.console.print("\nThat was the demo. Your own logs: watchdog run --logs ./logs")
        return 0
    story.console.print("\nThe demo was stopped before its end.")
    return 1


def main() -> int:
    """The demo's exit status."""
    try:
        return asyncio.run(demo(Console()))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
