"""The dashboards, held to the types of the oldest Grafana that deploy/README.md names."""

import json
import re
import typing
from copy import deepcopy
from functools import cache
from importlib.metadata import version

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from pydantic import TypeAdapter, ValidationError

from tests.deploy.expressions import DASHBOARDS

ALL = {path.name: json.loads(path.read_text()) for path in DASHBOARDS}
README = DASHBOARDS[0].parents[1] / "README.md"
NOT_IN_THE_TYPES = {
    "templating.list.definition",
    "annotations.list.step",
    "annotations.list.textFormat",
    "annotations.list.titleFormat",
}
"""What Grafana itself writes into a query's variable or annotation, and its types leave out."""
LEFT_AS_IT_IS = "is_instance_of"
"""How pydantic calls it where the SDK leaves a dictionary a dictionary."""

register_default_plugins()


def lost(given, made, path=""):
    """Where something stands that is gone, or another, once Grafana's types have held it."""
    if isinstance(given, dict) and isinstance(made, dict):
        for key, value in given.items():
            yield from lost(value, made.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(given, list) and isinstance(made, list) and len(given) == len(made):
        for one, other in zip(given, made, strict=True):
            yield from lost(one, other, path)
    elif given != made:
        yield path


def odd(held):
    """Where a value stands that is none of its type, such as a color mode that there isn't."""
    if isinstance(held, dict | list):
        for each in held.values() if isinstance(held, dict) else held:
            yield from odd(each)
    elif hasattr(held, "to_json"):
        for name, value in vars(held).items():
            if not fits(type(held), name, value):
                yield f"{type(held).__name__}.{name}"
            yield from odd(value)


def fits(kind, name, value):
    try:
        fields(kind)[name].validate_python(value)
    except ValidationError as wrong:
        return all(error["type"] == LEFT_AS_IT_IS for error in wrong.errors())
    return True


@cache
def fields(kind):
    lax = {"arbitrary_types_allowed": True}
    return {
        name: TypeAdapter(hint, config=lax) for name, hint in typing.get_type_hints(kind).items()
    }


def complaints(dashboard):
    held = Dashboard.from_json(dashboard)
    made = json.loads(JSONEncoder().encode(held))
    return sorted({*lost(dashboard, made), *odd(held)} - NOT_IN_THE_TYPES)


def test_the_types_are_those_of_the_oldest_grafana():
    (oldest,) = re.findall(r"Grafana (\d+\.\d+)", README.read_text())
    assert version("grafana-foundation-sdk").split("!")[1] == f"{oldest}.0"


@pytest.mark.parametrize("name", ALL)
def test_grafana_knows_all_that_a_dashboard_holds(name):
    assert complaints(ALL[name]) == []


BROKEN = {
    "panels.options.reduce": ("stat", "options", {"reduce": {}}),
    "Options.color_mode": ("stat", "options", {"colorMode": "red"}),
    "panels.targets.expression": ("stat", "targets", {"expression": "up"}),
    "GridPos.w": ("stat", "gridPos", {"w": "wide"}),
    "panels.fieldConfig.defaults.custom.fill": ("timeseries", "fieldConfig", {"fill": 10}),
    "templating.list.sorted": (None, "templating", {"sorted": True}),
    "VariableModel.hide": (None, "templating", {"hide": 9}),
    "refreshes": (None, None, {"refreshes": "30s"}),
}
PLACES = {
    None: lambda whole: whole,
    "options": lambda panel: panel["options"],
    "targets": lambda panel: panel["targets"][0],
    "gridPos": lambda panel: panel["gridPos"],
    "fieldConfig": lambda panel: panel["fieldConfig"]["defaults"]["custom"],
    "templating": lambda dashboard: dashboard["templating"]["list"][0],
}


@pytest.mark.parametrize(("said", "harm"), BROKEN.items(), ids=BROKEN.keys())
def test_what_grafana_does_not_know_is_told(said, harm):
    kind, place, wrong = harm
    broken = deepcopy(ALL["fleet.json"])
    panels = [each for each in broken["panels"] if each["type"] == kind]
    PLACES[place](panels[0] if kind else broken).update(wrong)
    assert complaints(broken) == [said]
