"""Pages that come from the code: `python -m tools.docs` writes them, with `--check` compares."""

import difflib
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

GENERATED = (
    ("docs/commands.md", "tools.commands_page", "markdown"),
    ("docs/configuration.md", "watchdog.config.page", "markdown"),
    ("docs/metrics.md", "watchdog.surfaces.metrics", "markdown"),
    ("docs/security.md", "tools.limits_page", "markdown"),
    ("docs/report.schema.json", "watchdog.surfaces.schema", "schema_text"),
)
"""The page, and the module and function that give its text."""


def main(arguments: list[str]) -> int:
    """Write or compare every page; 1 where a page is out of date."""
    check = arguments == ["--check"]
    stale = [page for page, module, name in GENERATED if not settle(page, module, name, check)]
    for page in stale:
        sys.stderr.write(f"{page} is out of date: run make docs, and commit it\n")
    return 1 if stale else 0


def settle(page: str, module: str, name: str, check: bool) -> bool:
    """Bring one page up to date, or tell whether it is. A page that nobody made yet is current."""
    path = ROOT / page
    if check and not path.exists():
        return True
    text: str = getattr(import_module(module), name)()
    if not check:
        path.write_text(text)
        return True
    current = path.read_text()
    before, after = current.splitlines(keepends=True), text.splitlines(keepends=True)
    sys.stderr.writelines(difflib.unified_diff(before, after, page, "generated"))
    return current == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
