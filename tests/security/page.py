"""The attacks' table in docs/security.md, between its markers."""

import re
import time
from collections.abc import Sequence

from tests.paths import ROOT
from tests.security.measure import Row, Usual

PAGE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- attacks: begin -->", "<!-- attacks: end -->"
HEAD = (
    "| attack | kind | check: CPU s | MiB | run: CPU s | MiB | /healthz ms | polls late |"
    " SIGTERM s | what was said | beyond |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
)
SAID_MAX = 140


def merge(rows: Sequence[Row], idle: Usual, began: float, order: Sequence[str]) -> None:
    """Put these lines in the place of those of the same name, and the rest as it is."""
    head, _, rest = PAGE.read_text().partition(BEGIN)
    before, _, tail = rest.partition(END)
    lines = {line.split(" | ")[0]: line for line in before.splitlines() if line.startswith("| ")}
    lines |= {f"| {row.name}": _line(row) for row in rows}
    kept = [lines[f"| {name}"] for name in order if f"| {name}" in lines]
    text = _text(kept, idle, began)
    PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}")


def table(rows: Sequence[Row], idle: Usual, began: float) -> str:
    """The figures as Markdown."""
    return _text([_line(row) for row in rows], idle, began)


def _text(lines: Sequence[str], idle: Usual, began: float) -> str:
    day = time.strftime("%Y-%m-%d", time.gmtime(began))
    missed = sum(not line.endswith("| no |") for line in lines)
    text = (
        f"{day}: {len(lines)} attacks, {missed} beyond a goal. CPU and MiB are above what the same"
        f" takes without one ({idle.line()}).\n\n"
    )
    return text + HEAD + "\n".join(lines)


def _line(row: Row) -> str:
    checked = ("", "") if row.cpu is None else (f"{row.cpu:.1f}", f"{row.peak:.0f}")
    ran = [""] * 5
    if row.beside is not None:
        one = row.beside
        ran = [f"{one.cpu:.1f}", f"{one.peak:.0f}", f"{one.healthz * 1000:.0f}"]
        ran += [f"{row.late:.1f}", f"{one.stopped:.1f}"]
    cells = (row.name, row.kind, *checked, *ran, _said(row.said), "; ".join(row.missed) or "no")
    return f"| {' | '.join(cells)} |"


def _said(text: str) -> str:
    """One harmless cell of what a hostile input made the program say."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    line = re.sub(r"(/[\w.-]+)+/(?=[\w.-])", "…/", line)
    line = re.sub(r"[|<>`*_\[\]\\]", " ", line)
    return line if len(line) <= SAID_MAX else f"{line[:SAID_MAX]}…"
