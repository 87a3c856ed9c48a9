"""What the documents say is so: links lead somewhere, examples are accepted, figures are right."""

import re

import pytest
import yaml

from tests.pages import blocks
from tests.paths import ROOT
from watchdog.config.load import load
from watchdog.config.settings import Settings
from watchdog.diagnose.baselines import SHARES, TROUBLES
from watchdog.model.thresholds import Thresholds

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/README.md")])
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


LINES = [
    line.partition("#")[0].removeprefix("$ ").strip()
    for page in PAGES
    for text in blocks(page.read_text(), "")
    for line in text.splitlines()
]
MAKE = sorted({line.split()[1] for line in LINES if line.startswith("make ")})


def test_there_are_goals_to_look_at():
    assert {"demo", "test"} <= set(MAKE)


@pytest.mark.parametrize("goal", MAKE)
def test_make_s_goals_are_there(goal):
    assert re.search(rf"^{re.escape(goal)}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_configuration_s_example_is_accepted(tmp_path):
    (example,) = blocks((ROOT / "docs" / "configuration.md").read_text(), "yaml")
    file = tmp_path / "watchdog.yaml"
    file.write_text(example)
    assert isinstance(load({}, file), Settings)


def test_the_install_page_s_configuration_is_accepted(tmp_path):
    values, *_ = blocks((ROOT / "docs" / "install.md").read_text(), "yaml")
    file = tmp_path / "watchdog.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(values)["config"]))
    assert load({}, file).kubernetes.store == "s3://BUCKET/evals/{eval_set_id}"


def test_detection_md_tells_the_defaults():
    text = (ROOT / "docs" / "detection.md").read_text()
    limits = Thresholds()
    assert f"(default {limits.false_pages_per_week:g}; " in text
    assert f"`false_warnings_per_week`, default {limits.false_warnings_per_week:g}," in text
    assert f"{limits.pod_waiting / 60:g} min" in text


def test_detection_md_tells_the_shares():
    text = (ROOT / "docs" / "detection.md").read_text()
    rows = re.findall(r"^\| (`.*`) \| (\d+) %(?: each)? \|", text, re.MULTILINE)
    told = {
        name: int(share) / 100 for names, share in rows for name in re.findall(r"`(\w+)`", names)
    }
    assert told == SHARES
    assert f"{1 - sum(SHARES.values()):.0%}".replace("%", " %") + " are a margin" in text


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("own:failed", "own, failed"),
        ("own:refused", "own, 429"),
        ("shared:failed", "shared, failed"),
        ("shared:refused", "shared, 429"),
        ("partial:failed", "partial, failed"),
        ("partial:refused", "partial, 429"),
    ],
)
def test_detection_md_tells_the_priors(name, told):
    prior = TROUBLES[name]
    figures = [
        prior.expected_per_week,
        *(prior.above(minutes * 60) for minutes in (15, 30, 60, 180)),
    ]
    row = " | ".join([told, *(f"{figure:.2g}" for figure in figures)])
    assert f"| {row} |" in (ROOT / "docs" / "detection.md").read_text()


FILES = sorted(
    {
        (str(page.relative_to(ROOT)), path)
        for page in PAGES
        if page.name != "CHANGELOG.md"
        for path in re.findall(
            r"`((?:watchdog|tests|tools|deploy|helm)/[\w/.-]+)`", page.read_text()
        )
    }
)


@pytest.mark.parametrize(("page", "path"), FILES)
def test_files_that_are_named_are_there(page, path):
    assert (ROOT / path).exists(), page
