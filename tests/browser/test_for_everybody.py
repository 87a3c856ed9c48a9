"""Every page by axe-core: light and dark, on a phone and on a desk; nothing above "minor".

Those inside an eval set are judged in `test_inside.py`.
"""

import pytest
from msgspec.structs import replace

from tests.browser.axe import axe_core, violations
from tests.browser.chromium import DESK, PHONE
from tests.builders.kept_incidents import act, kept
from tests.builders.model_calls import fleet_calls
from tests.builders.snapshots import NOW, incident, realistic, snapshot
from tests.builders.wide_fleets import wide
from watchdog.surfaces.web.health import Health

pytestmark = pytest.mark.acceptance

ONE = "eval-set-0001-x7k2"
PAGES = {
    "fleet": "/",
    "filtered": "/?verdict=stuck&q=eval",
    "nothing fits": "/?q=nothing-fits",
    "eval set": f"/eval-sets/{ONE}",
    "partially stuck": "/eval-sets/swe-bench-agents-q9d1",
    "samples": f"/eval-sets/{ONE}/samples",
    "a sample": f"/eval-sets/{ONE}/samples/AbC123?id=3&epoch=1",
    "a runner's lines": f"/eval-sets/{ONE}/log",
    "incident": "/incidents/outage",
    "incidents": "/incidents",
    "past incidents": "/incidents?state=past",
    "a past incident": "/incidents/over?opening=1",
    "acting": "/incidents/outage/actions",
    "models": "/models",
    "no model fits": "/models?q=nothing-fits",
    "not there": "/eval-sets/nobody",
    "no such incident": "/incidents/nobody",
}
NOT_THERE = {"not there", "no such incident"}


@pytest.fixture(scope="session")
def axe():
    return axe_core()


def test_axe_sees_what_is_wrong(service, look, axe):
    service.snapshot = wide(3)
    reader = look()
    reader.open()
    reader.page.evaluate("document.querySelector('main').innerHTML += '<button></button>'")
    assert [text.partition(":")[0] for text in violations(reader, axe)] == ["button-name"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_every_page(service, look, axe, scheme, viewport):
    calls = fleet_calls()
    service.snapshot = replace(wide(60), calls=calls)
    over = incident(id="over", scope="model", subject="openai/gpt-4o", models=("openai/gpt-4o",))
    acts = (act(), act("silence", place=2), act("judgement", place=3))
    service.desk.kept.append(kept(incident=over, acts=acts, resolved_at=NOW - 600))
    reader = look(viewport=viewport, color_scheme=scheme)
    reader.expected = ("404",)
    found = {}
    for name, path in PAGES.items():
        reader.open(path)
        assert not reader.is_too_wide(), name
        assert ("Not here" in reader.page.title()) == (name in NOT_THERE), name
        found[name] = violations(reader, axe)
    assert not any(found.values()), found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_starting_empty_and_in_trouble(service, look, axe, scheme):
    reader = look(viewport=PHONE, color_scheme=scheme)
    found = {}
    for path in ("/", "/models"):
        reader.open(path)
        found[f"starting {path}"] = violations(reader, axe)
    service.snapshot = snapshot()
    for path in ("/", "/models"):
        reader.open(path)
        found[f"empty {path}"] = violations(reader, axe)
    service.snapshot = realistic()
    failing = (("slack", "answers 500"),)
    service.health = Health(0.0, first_complete_poll=True, failing_channels=failing, tells=False)
    reader.open("/")
    found["in trouble"] = violations(reader, axe)
    assert not any(found.values()), found
