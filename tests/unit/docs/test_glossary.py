"""The glossary's words are those of the code, and what they took the place of is gone."""

import re

import pytest

from tests.paths import ROOT

PAGE = (ROOT / "docs" / "glossary.md").read_text()
PLACES = sorted(set(re.findall(r"\| `([\w/.]+)` \|$", PAGE, re.MULTILINE)))
SOURCES = [
    *ROOT.glob("watchdog/**/*.py"),
    *ROOT.glob("docs/*.md"),
    *ROOT.glob("*.md"),
    *ROOT.glob("deploy/**/*.md"),
    *ROOT.glob("helm/**/*.md"),
]
REPLACED = (
    "Shelf|Dice|Keeper|Lingering|Measurer|Norms|Patience|Setting(?!s)|Frame(?!-)|Tie|"
    "lament|outlast|sayings|essence|circles?|hold_back|hold_lasting|hold_settling"
)
"""A private dialect's words, by the dictionary that ended it."""
KEPT = {
    "watchdog/model/report.py": "the report's key `circle`",
    "CHANGELOG.md": "history",
}


def test_there_are_places_to_look_at():
    assert len(PLACES) > 25


@pytest.mark.parametrize("place", PLACES)
def test_places_are_there(place):
    assert (ROOT / "watchdog" / place).exists()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_private_words_are_gone(path):
    if str(path.relative_to(ROOT)) in KEPT:
        return
    # what libraries say of attacks is theirs
    text = re.sub(
        r"<!-- attacks: begin -->.*<!-- attacks: end -->", "", path.read_text(), flags=re.DOTALL
    )
    words = re.findall(rf"(?<![\w`])(?:{REPLACED})(?!\w)", text)
    assert words == []
