"""Every PromQL expression of the rules and the dashboards, for whoever wants to run them all."""

import json
import re
from typing import NamedTuple

import yaml

from tests.paths import ROOT

DEPLOY = ROOT / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yaml"
DASHBOARDS = tuple(sorted((DEPLOY / "grafana").glob("*.json")))


class Expression(NamedTuple):
    """An expression, ready to be sent to Prometheus."""

    where: str
    """`rules.yaml: EvalSetStuck`, `fleet.json: 10 What is stuck (A)`."""
    kind: str
    """`record`, `alert`, `mark` (have data only now and then), `panel` or `variable`."""
    text: str

    @property
    def always(self):
        """Whether it has data at any time."""
        return self.kind not in {"alert", "mark"}


def every(eval_set_id, interval="1m"):
    """All of them. The eval-set dashboard shows `eval_set_id`; rates go over `interval`."""
    return [*of_rules(), *of_dashboards(eval_set_id, interval)]


def groups():
    return yaml.safe_load(RULES.read_text())["groups"]


def rules(kind):
    """All rules with the key `record` or `alert`."""
    return [rule for group in groups() for rule in group["rules"] if kind in rule]


def of_rules():
    return [
        Expression(f"{RULES.name}: {rule[kind]}", kind, rule["expr"])
        for kind in ("record", "alert")
        for rule in rules(kind)
    ]


def of_dashboards(eval_set_id, interval="1m"):
    found = []
    for path in DASHBOARDS:
        dashboard = json.loads(path.read_text())
        for panel in panels(dashboard):
            for target in panel["targets"]:
                where = f"{path.name}: {panel['id']} {panel['title']} ({target['refId']})"
                found.append(Expression(where, "panel", target["expr"]))
        marks = dashboard["annotations"]["list"]
        found += [Expression(f"{path.name}: {m['name']}", "mark", m["expr"]) for m in marks]
        for each in variables(dashboard):
            metric, label = re.fullmatch(
                r"label_values\((.+), (\w+)\)", each["definition"]
            ).groups()
            where = f"{path.name}: ${each['name']}"
            found.append(Expression(where, "variable", f"count by ({label}) ({metric})"))
    return [each._replace(text=_substituted(each.text, eval_set_id, interval)) for each in found]


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def variables(dashboard):
    return [each for each in dashboard["templating"]["list"] if each["type"] == "query"]


def _substituted(text, eval_set_id, interval):
    """With All for what a regular expression takes, as Grafana puts it in."""
    text = re.sub(r'=~"\$\w+"', '=~".*"', text)
    text = text.replace('="$eval_set_id"', f"={json.dumps(eval_set_id)}")
    text = re.sub(r"\[\$__(?:rate_interval|interval|range)\b", f"[{interval}", text)
    if "$" in re.sub(r'"[^"]*"', "", text) or "$__" in text:
        raise ValueError(f"an unknown variable in {text}")
    return text


_IN_BRACES = re.compile(r"\{[^}]*\}")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_LABELS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_NAME = re.compile(r"(?<![\w:.\[])([a-zA-Z_:][\w:]*)(?!\s*\()(?![\w:])")
_WORDS = {"and", "or", "unless", "offset", "bool", "group_left", "group_right", "inf", "nan"}


def metrics(text):
    """The names of the metrics that an expression reads."""
    bare = _LABELS.sub(" ", _IN_BRACES.sub(" ", _STRING.sub('""', text)))
    return {name for name in _NAME.findall(bare) if name.lower() not in _WORDS}
