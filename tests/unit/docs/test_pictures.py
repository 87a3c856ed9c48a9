"""README's pictures are there, and small."""

import re

from tests.paths import ROOT

LARGEST = 150_000
"""Bytes."""


def test_readmes_pictures():
    names = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text())
    assert {"docs/page.png", "docs/terminal.png"} <= set(names)
    for name in names:
        picture = (ROOT / name).read_bytes()
        assert picture.startswith(b"\x89PNG"), name
        assert len(picture) < LARGEST, name
