"""What commands print for people: lines of `Text`, in which nothing foreign is read as markup."""

from watchdog.surfaces.terminal.brief import brief_lines
from watchdog.surfaces.terminal.console import STYLES, Line, Terminal, print_lines, verdict_text
from watchdog.surfaces.terminal.report import lines, print_report

__all__ = [
    "STYLES",
    "Line",
    "Terminal",
    "brief_lines",
    "lines",
    "print_lines",
    "print_report",
    "verdict_text",
]
