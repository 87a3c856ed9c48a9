"""A part of a generated page is made anew by itself, as not all is measured in one run."""

from __future__ import annotations

from pathlib import Path


def replace_section(path: Path, section: str) -> None:
    """Put a section into a page, in the place of that of its title, else before the last one."""
    title = section.partition("\n")[0]
    parts = path.read_text().split("\n## ")
    titles = [f"## {part.partition(chr(10))[0]}" for part in parts]
    body = section.strip().removeprefix("## ") + "\n"
    if title in titles:
        parts[titles.index(title)] = body
    else:
        parts.insert(len(parts) - 1, body)
    path.write_text("\n## ".join(parts).rstrip() + "\n")
