"""Run the demo's evaluation and watch it, until it has ended or Ctrl-C."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from demo.cues import CUE, VICTIM
from watchdog.config.load import load
from watchdog.config.settings import Settings
from watchdog.model.instants import from_timestamp as instant
from watchdog.model.report import IncidentReport, Snapshot
from watchdog.model.texts import clean
from watchdog.model.verdict import Cause, Verdict
from watchdog.model.words import duration
from watchdog.notify.decide.ending import is_unsure
from watchdog.service.run import serve
from watchdog.surfaces.terminal import print_report

INTERVAL = 1.0
ROOT = Path(__file__).resolve().parent.parent
DEADLINE = 600.0
DETECTION = {"scale": 1 / 30}
"""The rules in fast motion: what is half an hour elsewhere is a minute here."""

TROUBLE = Cause.API_SERVER_ERROR
"""What the scripted provider does to one sample; other causes are no part of the story."""

COLOURS = {
    Verdict.STUCK: "bold red",
    Verdict.PARTIALLY_STUCK: "bold red",
    Verdict.DEGRADED: "yellow",
    Verdict.UNKNOWN: "magenta",
    Verdict.PROGRESSING: "green",
}


class Story:
    """Prints what changes from snapshot to snapshot, and gives the evaluation its cues."""

    def __init__(self, console: Console, cue: Callable[[], None]) -> None:
        self.console = console
        self.cue = cue
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

    @property
    def next(self) -> str:
        """What has to happen next."""
        if self.verdict is None:
            return "the evaluation to begin"
        if not self.caught:
            return f"sample {VICTIM} to be found stuck"
        if not self.recovered:
            return f"sample {VICTIM} to recover"
        return "the evaluation to finish"

    def _incidents(self, snapshot: Snapshot) -> None:
        seen = {incident.id: incident for incident in snapshot.report.incidents}
        for incident in seen.values():
            if incident.id not in self.incidents:
                self._opened(incident, snapshot)
        for incident in self.incidents.values():
            if incident.id in seen:
                continue
            if not any(is_unsure(name, snapshot) for name in incident.eval_sets):
                self._resolved(incident, snapshot)
            else:
                seen[incident.id] = incident
        self.incidents = seen

    def _opened(self, incident: IncidentReport, snapshot: Snapshot) -> None:
        self._line(snapshot, "incident opened (Slack would hear of it once)", "bold red")
        self._report(snapshot)
        if incident.cause is TROUBLE and not self.caught:
            self.caught = True
            self.cue()

    def _resolved(self, incident: IncidentReport, snapshot: Snapshot) -> None:
        lasted = duration(snapshot.at - (instant(incident.since) or snapshot.at))
        self._line(snapshot, f"incident resolved after {lasted}", "bold green")
        if incident.cause is TROUBLE and not self.recovered:
            self.recovered = True
            self.cue()

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
        settings = settings_of(logs, Path(folder, "state.sqlite3"))
        evaluation = await started(logs)
        story = Story(console, partial(_cue, evaluation))
        try:
            return await _watch(settings, story, evaluation)
        finally:
            await ended(evaluation)


def settings_of(logs: Path, state: Path) -> Settings:
    """Those of a service that watches the demo's evaluation."""
    return load(
        {
            "logs": (str(logs),),
            "listen": os.environ.get("WATCHDOG_LISTEN", "127.0.0.1:0"),
            "interval": INTERVAL,
            "listing_interval": INTERVAL,
            "state": str(state),
            "detection": DETECTION,
            # that nobody is told is as it should be here
            "log_level": "error",
        }
    )


async def started(logs: Path) -> asyncio.subprocess.Process:
    """The demo's evaluation, which waits for its cues."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "demo.evaluation",
        str(logs),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,
    )


def _cue(evaluation: asyncio.subprocess.Process) -> None:
    if evaluation.stdin is not None:
        evaluation.stdin.write(CUE)


async def _watch(settings: Settings, story: Story, evaluation: asyncio.subprocess.Process) -> int:
    stop = asyncio.Event()
    ender = asyncio.create_task(_when_over(story, evaluation, stop))
    try:
        await serve(settings, on_snapshot=story.tell, on_start=_introduce(story.console), stop=stop)
    finally:
        ender.cancel()
        with suppress(asyncio.CancelledError):
            await ender
    return _verdict(story, evaluation)


def _introduce(console: Console) -> Callable[[str], None]:
    def introduce(url: str) -> None:
        console.print("A real Inspect evaluation runs: 8 samples, a scripted provider, no network.")
        console.print("After a few calls the provider fails one of them, until that was noticed.")
        console.print("Minutes are seconds here. It takes about a minute, two on a busy machine.")
        console.print("Ctrl-C ends it.")
        console.print(f"  page     {url}/", highlight=False)
        console.print(f"  metrics  {url}/metrics", highlight=False)
        console.print(f"  report   {url}/api/v1/report\n", highlight=False)

    return introduce


async def _when_over(
    story: Story, evaluation: asyncio.subprocess.Process, stop: asyncio.Event
) -> None:
    """Sets `stop` when the evaluation was seen to finish, failed, or takes far too long."""
    try:
        async with asyncio.timeout(DEADLINE):
            await _over(story, evaluation)
    except TimeoutError:
        story.console.print(f"It took longer than {duration(DEADLINE)}.")
    finally:
        stop.set()


async def _over(story: Story, evaluation: asyncio.subprocess.Process) -> None:
    """Returns when the evaluation ended well and was seen to, or failed, and says why."""
    errors = await evaluation.stderr.read() if evaluation.stderr is not None else b""
    status = await evaluation.wait()
    if status == 0:
        await story.finished.wait()
        return
    told = errors.decode(errors="replace").strip() or "It said nothing."
    story.console.print(
        f"\nThe evaluation failed (exit status {status}):\n{told}", markup=False, highlight=False
    )


async def ended(evaluation: asyncio.subprocess.Process) -> None:
    """It runs no more."""
    if evaluation.returncode is None:
        with suppress(ProcessLookupError):
            evaluation.kill()
        await evaluation.wait()


def _verdict(story: Story, evaluation: asyncio.subprocess.Process) -> int:
    if evaluation.returncode == 0 and story.finished.is_set() and story.caught and story.recovered:
        story.console.print("\nThat was the demo. Your own logs: watchdog run --logs ./logs")
        return 0
    story.console.print(f"\nThe demo was stopped before its end; it waited for {story.next}.")
    return 1


def main() -> int:
    """The demo's exit status."""
    try:
        return asyncio.run(demo(Console()))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
