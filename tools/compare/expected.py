"""What two commits say differently on purpose: one record a change, each with its reason.

A record is for one comparison, here that of 0.1.0 (362fb2d) with 0.2.0. It goes when the change is
behind us; one that no output needs fails.
"""

from tools.compare.comparison import Expected

_LATER = (
    "a sample's next attempt is due so long after the runner announced its wait, not after the "
    "failed attempt began: one place says it for verdict, tests and page"
)

_SILENT = (
    r'\{\s*"cause": "runner_frozen",\s*"subject": "the runner is silent(?s:.*?)'
    r'"limit_seconds": [^\n]*\s*\}'
)

EXPECTED: tuple[Expected, ...] = (
    Expected("version", "it is another one", r"\b0(\\?)\.1\.0\b", r"0\1.2.0"),
    Expected(
        "next attempt: evidence as JSON",
        _LATER,
        r'"at": "[^"]*",\s*"kind": "silence",\s*"text": "[^"]*"',
        '"kind": "silence"',
        "* --json",
        masks=True,
    ),
    Expected(
        "next attempt: evidence in words",
        _LATER,
        r"^.*\bhas written nothing for\b.*$",
        "(the runner's silence)",
        masks=True,
    ),
    Expected(
        "next attempt: what was weighed, as JSON",
        _LATER,
        rf"{_SILENT},\s*|,\s*{_SILENT}|{_SILENT}",
        "",
        "* explain --json",
        masks=True,
    ),
    Expected(
        "next attempt: what was weighed, in words",
        f"{_LATER}; what has hardly begun isn't shown",
        r"^ *Weighed: the runner is silent, .*\n(?: {6}.*\n?)*",
        "",
        "* explain",
        masks=True,
    ),
)
