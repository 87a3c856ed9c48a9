"""What `watchdog probe` tells: as JSON, and as lines for a terminal."""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from rich.text import Text

from watchdog.model.probe import Conclusion, Meaning, ProbeOutcome, Reproduction
from watchdog.model.report import ConclusionReport, ProbeReport
from watchdog.model.texts import clean
from watchdog.model.words import brief_duration
from watchdog.pipeline.snapshot import conclusion_report
from watchdog.surfaces.terminal import Line

_WAYS = {"middleman": "through Middleman", "direct": "provider direct"}


class ProbedReport(Struct, frozen=True):
    """What the tests found, and the commands that repeat them."""

    conclusion: ConclusionReport
    commands: tuple[Reproduction, ...]


def probed_report(conclusion: Conclusion, commands: Iterable[Reproduction]) -> ProbedReport:
    """As `--json` prints it."""
    return ProbedReport(conclusion_report(conclusion), tuple(commands))


def exit_status(conclusion: Conclusion) -> int:
    """0 where all that was tested works, 3 where nothing was, else 2."""
    return {Meaning.WORKS: 0, Meaning.NOT_TESTED: 3}.get(conclusion.meaning, 2)


def lines(probed: ProbedReport) -> Iterator[Line]:
    """A line each test, what they mean, and how to repeat them."""
    conclusion = probed.conclusion
    yield 0, Text(clean(conclusion.model), "bold")
    for test in conclusion.tests:
        yield 2, _test(test)
    yield 0, Text()
    confidence = f" (confidence {conclusion.confidence})"
    yield 0, Text(clean(conclusion.sentence, 1000)).append(confidence, "dim")
    for reproduction in probed.commands:
        yield 0, Text()
        yield 0, Text(f"# {reproduction.title}", "dim")
        for line in reproduction.command.splitlines():
            yield 0, Text(line, "dim", no_wrap=True)


def _test(test: ProbeReport) -> Text:
    text = Text(f"{_WAYS[test.route]:18}  {test.size:5}  ")
    text.append(test.outcome.replace("_", " "), _STYLES.get(test.outcome, "bold red"))
    figures = [str(test.status)] if test.status is not None else []
    figures += [brief_duration(test.seconds)] if test.seconds is not None else []
    text.append(f" ({', '.join(figures)})" if figures else "")
    return text.append(f"  {clean(test.detail, 300)}", "dim") if test.detail else text


_STYLES = {ProbeOutcome.OK: "green", ProbeOutcome.NOT_TESTED: "yellow"}
