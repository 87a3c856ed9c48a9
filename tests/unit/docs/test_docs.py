"""What the documents say is so: links lead somewhere, commands are taken, examples are accepted."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from tests.paths import ROOT
from watchdog.cli import UsageError, _parser
from watchdog.config.load import load
from watchdog.config.settings import Settings
from watchdog.diagnose.baselines import SHARES, TROUBLES
from watchdog.model.thresholds import Thresholds

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/README.md")])
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(page.read_text()) if kind == language]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def commands() -> list[str]:
    lines = [line for page in PAGES for text in blocks(page, "") for line in text.splitlines()]
    return [line.partition("#")[0].removeprefix("$ ").strip() for line in lines]


WATCHDOG = sorted({line for line in commands() if line.startswith("watchdog ")})
MAKE = sorted({line.split()[1] for line in commands() if line.startswith("make ")})


@pytest.mark.parametrize("line", WATCHDOG)
def test_commands_are_taken_as_they_stand(line):
    try:
        _parser().parse_args(shlex.split(line)[1:])
    except UsageError as error:
        pytest.fail(f"{line}: {error}")


def test_there_are_commands_to_look_at():
    assert {"watchdog check ./logs", "watchdog run --logs ./logs"} <= set(WATCHDOG)
    assert {"demo", "test"} <= set(MAKE)


@pytest.mark.parametrize("goal", MAKE)
def test_make_s_goals_are_there(goal):
    assert re.search(rf"^{re.escape(goal)}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_configuration_s_example_is_accepted(tmp_path):
    (example,) = blocks(ROOT / "docs" / "configuration.md", "yaml")
    file = tmp_path / "watchdog.yaml"
    file.write_text(example)
    assert isinstance(load({}, file), Settings)


def test_the_install_page_s_configuration_is_accepted(tmp_path):
    values, *_ = blocks(ROOT / "docs" / "install.md", "yaml")
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
