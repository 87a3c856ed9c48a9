"""Commands as they stand in the documents, ready to be pasted."""

import re
from pathlib import Path
from typing import NamedTuple

from tests.paths import ROOT

PAGES = tuple(
    sorted(
        [
            *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
            *(
                page
                for folder in ("docs", "deploy", "helm")
                for page in ROOT.glob(f"{folder}/**/*.md")
            ),
        ]
    )
)
SHELL = {"", "sh", "bash", "shell", "console"}
SHOWN = {"text"}
"""What a program printed: of it, what follows a prompt is a command."""
FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
CONTINUED = re.compile(r"\\\n\s*")
COMMENT = re.compile(r"(?:^|\s+)#\s.*$")


class Line(NamedTuple):
    """One command."""

    page: str
    text: str

    @property
    def program(self) -> str:
        """The first word."""
        return self.text.split()[0]


def blocks(page: Path) -> list[tuple[str, str]]:
    """The fenced blocks of a page, each with its language."""
    return [(language, body) for _, language, body in FENCE.findall(page.read_text())]


def commands_in(language: str, body: str) -> list[str]:
    """The commands of a block."""
    lines = CONTINUED.sub("", body).splitlines()
    prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    if language in SHOWN or prompted:
        lines = prompted
    elif language not in SHELL:
        return []
    bare = (COMMENT.sub("", line).strip() for line in lines)
    return [line for line in bare if line]


def of_page(page: Path) -> list[Line]:
    """All commands of a page, in order."""
    name = str(page.relative_to(ROOT))
    return [Line(name, text) for block in blocks(page) for text in commands_in(*block)]


def every() -> list[Line]:
    """All commands of all pages, each once for a page."""
    return list(dict.fromkeys(line for page in PAGES for line in of_page(page)))
