"""The hour's figures in docs/security.md, between their markers."""

import time
from collections.abc import Sequence

from tests.fuzz.hour import Result
from tests.paths import ROOT

PAGE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- fuzzing: begin -->", "<!-- fuzzing: end -->"


def write(results: Sequence[Result], began: float) -> None:
    """Put the table in its place."""
    page = PAGE.read_text()
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n{table(results, began)}\n{END}{tail}")


def table(results: Sequence[Result], began: float) -> str:
    """The figures as Markdown."""
    executions = sum(result.executions for result in results)
    failures = sum(len(result.failures) + bool(result.crash) for result in results)
    seconds = sum(result.seconds for result in results)
    day = time.strftime("%Y-%m-%d", time.gmtime(began))
    head = (
        f"{day}: {executions:,} inputs in {seconds / 60:.0f} minutes, one process at a time; "
        f"{failures} failures. Memory is of the fuzzing process, instrumentation included.\n\n"
        "| parser | inputs | taken | edges, corpus | edges, end | slowest, ms | MiB, begin | "
        "MiB, end | failures |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "\n".join(_row(result) for result in results)


def _row(result: Result) -> str:
    cells = (
        f"`{result.name}`",
        f"{result.executions:,}",
        f"{result.taken:,}",
        *map(str, result.covered),
        f"{result.slowest * 1000:.0f}",
        f"{result.rss[0]:.0f}",
        f"{result.rss[1]:.0f}",
        str(len(result.failures) + bool(result.crash)),
    )
    return f"| {' | '.join(cells)} |"
