"""The part of docs/security.md that comes from the table of limits; the rest is written by hand."""

from pathlib import Path

from watchdog.collect.limits import LIMITS, MIB, Limit
from watchdog.collect.work.limits import LIMITS as WORK

PAGE = Path(__file__).resolve().parent.parent / "docs/security.md"
BEGIN = "<!-- limits: made by `make docs` from watchdog/collect/limits.py and work/limits.py -->"
END = "<!-- end of limits -->"
EMPTY = f"""# Security

## Limits

Everything that an evaluation, a sandbox or a bundle's author may have written is read within
limits. What is beyond one is a problem that names the file, the member or the row, with the
figures; what depends on it is `unknown`, and the rest is judged. One table in the program holds all
of them.

{BEGIN}
{END}
"""


def markdown() -> str:
    """The page with its table as the program has it.

    Raises:
        ValueError: the marks between which the table stands are missing.
    """
    page = PAGE.read_text() if PAGE.exists() else EMPTY
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name}: the marks {BEGIN} and {END} are missing")
    return f"{before}{BEGIN}\n{table()}{END}{after}"


def table() -> str:
    """All limits as a table: on what is read, then on work."""
    head = "| limit | the most | of what | beyond it |\n| --- | --- | --- | --- |\n"
    return head + "".join(map(_row, (*LIMITS, *WORK)))


def _row(limit: Limit) -> str:
    return f"| {limit.name} | {_amount(limit)} | {limit.bounds} | {limit.beyond} |\n"


def _amount(limit: Limit) -> str:
    if limit.unit == "bytes" and limit.value % MIB == 0:
        return f"{limit.value // MIB} MiB"
    if limit.unit == "bytes":
        return f"{limit.value // 1024} KiB"
    return f"{limit.value:,} {limit.unit}".strip()
