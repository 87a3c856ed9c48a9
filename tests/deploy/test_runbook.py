"""The runbook: a page for every cause and every alert, and nothing in it that isn't so."""

import json
import re

import pytest

from tests.deploy.expressions import DASHBOARDS, DEPLOY, panels, rules
from watchdog.config.overrides import OverrideSettings
from watchdog.diagnose.rules import SPEC_OF
from watchdog.model.causes import INFO_OF
from watchdog.model.verdict import Cause

FOLDER = DEPLOY.parent / "docs" / "runbook"
PAGES = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.md"))}
CAUSES = [cause.value for cause in Cause]
ALERTS = [
    rule["alert"]
    for rule in rules("alert")
    if rule["annotations"]["runbook_url"].endswith(f"/{rule['alert']}.md")
]
"""Those with a page of their own; the others lead to a cause's."""


def test_there_is_a_page_for_each_cause_and_alert_and_no_other():
    assert set(PAGES) == {*CAUSES, *ALERTS, "README"}


@pytest.mark.parametrize("name", [*CAUSES, *ALERTS])
def test_the_index_leads_to_every_page(name):
    assert f"]({name}.md)" in PAGES["README"]


@pytest.mark.parametrize("name", CAUSES)
def test_a_cause_s_page(name):
    page = PAGES[name]
    assert page.startswith(f"# `{name}`: ")
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert headings == ["How it was concluded", "Check", "Do", "Escalate"]
    assert 15 <= len(page.splitlines()) <= 60


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_s_page(name):
    page = PAGES[name]
    (rule,) = [rule for rule in rules("alert") if rule["alert"] == name]
    assert page.startswith(f"# `{name}`: ")
    assert f"\n\n{rule['labels']['severity'].capitalize()}. " in page
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert headings in (["Check", "Do", "Escalate"], ["Check", "Escalate"])


@pytest.mark.parametrize("name", ALERTS)
def test_the_index_tells_an_alert_s_severity(name):
    (rule,) = [rule for rule in rules("alert") if rule["alert"] == name]
    assert f"| [{name}]({name}.md) | {rule['labels']['severity']} |" in PAGES["README"]


def test_overrides_are_named_as_they_are():
    fields = set(OverrideSettings.model_fields)
    for name, page in PAGES.items():
        for key in re.findall(r"`overrides` with `(\w+)", page):
            assert key in fields, f"{name}: {key}"


def test_panels_are_named_as_they_are():
    titles = {
        panel["title"] for path in DASHBOARDS for panel in panels(json.loads(path.read_text()))
    }
    for name in ALERTS:
        for line in PAGES[name].splitlines():
            if "dashboard" in line.lower():
                told = set(re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", line))
                assert told <= titles, f"{name}: {told - titles}"


@pytest.mark.parametrize("name", CAUSES)
def test_every_cause_has_words_and_actions_too(name):
    assert INFO_OF[Cause(name)].words
    assert SPEC_OF[Cause(name)].actions


def test_sections_of_other_pages_are_there():
    for name, page in PAGES.items():
        for file, anchor in re.findall(r"\]\(\.\./(\w+\.md)#([\w-]+)\)", page):
            text = (FOLDER.parent / file).read_text()
            anchors = {slug(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
            assert anchor in anchors, f"{name}: {file}#{anchor}"


def slug(heading):
    """A heading's anchor as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
