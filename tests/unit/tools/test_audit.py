"""The licence list: complete, current, and nothing in it that isn't allowed."""

import subprocess

import pytest

from tools import audit
from tools.audit import Licensed


def test_every_licence_is_allowed_and_known():
    packages = audit.licences()
    assert len(packages) > 40
    assert audit.not_allowed(packages) == []
    assert [one for one in packages if one.licence == "unknown"] == []


def test_the_page_is_current():
    assert audit.PAGE.read_text() == audit.page(), "make audit"


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-only", "AGPL-3.0 AND MIT", "unknown", "BUSL-1.1", "Proprietary"]
)
def test_what_is_not_allowed_is_named(licence):
    package = Licensed("x", "1", licence)
    assert audit.not_allowed([package]) == [package]


@pytest.mark.parametrize("licence", ["MIT OR GPL-3.0-only", "Apache-2.0 AND MIT", "BSD-3-Clause"])
def test_one_of_several_choices_is_enough(licence):
    assert audit.not_allowed([Licensed("x", "1", licence)]) == []


def _answering(monkeypatch, output, status):
    done = subprocess.CompletedProcess([], status, output, "")
    monkeypatch.setattr(audit.subprocess, "run", lambda *_, **__: done)


def test_what_was_not_looked_up_is_said_loudly(monkeypatch, capsys):
    _answering(monkeypatch, "requests.ConnectionError: Max retries exceeded", 1)
    assert audit.vulnerabilities() == 0
    assert "!!! SKIPPED" in capsys.readouterr().out
    _answering(monkeypatch, "x 1 Dependency not found on PyPI and could not be audited: x", 0)
    assert audit.vulnerabilities() == 0
    assert "!!! SKIPPED: nothing is known here of 1 of" in capsys.readouterr().out


def test_what_is_known_is_a_failure(monkeypatch, capsys):
    _answering(monkeypatch, "Found 1 known vulnerability in 1 package\njinja2 3.1.0 GHSA-1", 1)
    assert audit.vulnerabilities() == 1
    assert "GHSA-1" in capsys.readouterr().out
