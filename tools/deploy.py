"""Rules, dashboards and monitors of deploy/, from one description each.

`python -m tools.deploy` writes what is generated there: rules and the operator's form of them from
deploy/mixin/, dashboards from `tools/dashboards/`, Datadog's monitors from `tools/datadog/`, and
into the rules and Alertmanager's example which causes are a provider's; rules and dashboards are
copied into the chart, and the settings' keys into its values.schema.json. With `--check` it
compares. `--output DIR --runbook URL …` writes a copy of deploy/ with your own addresses,
severities, selector and cluster label.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tools.chart_keys import with_keys
from tools.dashboards import DASHBOARDS
from tools.datadog.monitors import MONITORS, monitor
from tools.mixin import rules
from tools.mixin.settings import GRAFANA, PAGE, RUNBOOK, Json, Settings, filled

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
MIXIN = DEPLOY / "mixin"
RECORDS = MIXIN / "rules.yaml"
ALERTS = MIXIN / "alerts.yaml"
ALERTMANAGER = DEPLOY / "alertmanager" / "alertmanager.yaml"
CHART = ROOT / "helm" / "stuck-eval-watchdog"
CHART_FILES = CHART / "files"
"""A chart reads nothing outside itself."""
CHART_SCHEMA = CHART / "values.schema.json"

_CAUSES = re.compile(r'(?<=cause=~")[a-z_|]+(?=")')
_SEVERITY = re.compile(r"(?<=severity: )(critical|warning|info)$", re.MULTILINE)
_CLUSTER = re.compile(r'(?<!-)\bcluster(?=="|: \w|=\w|[,\]])')


def with_causes(text: str) -> str:
    """A file that names the provider's causes wherever it matches causes: those of model calls.

    A request's own length is none, nor what nobody can name.
    """
    # a copy with your own addresses is made by any Python, without what the program needs
    from watchdog.model.causes import TESTABLE_CAUSES  # noqa: PLC0415
    from watchdog.model.verdict import Cause  # noqa: PLC0415

    causes = TESTABLE_CAUSES - {Cause.CONTEXT_LENGTH, Cause.UNEXPLAINED}
    return _CAUSES.sub("|".join(cause for cause in Cause if cause in causes), text)


def generated(settings: Settings, groups: str) -> dict[str, str]:
    """What is made for an installation, by its path in deploy/."""
    files = {
        "prometheus/rules.yaml": rules.rule_file(groups, settings),
        "prometheus-operator/prometheusrule.yaml": rules.prometheus_rule(groups, settings),
    }
    for name, make in DASHBOARDS.items():
        files[f"grafana/{name}"] = readable(filled(make(), settings))
    for each in MONITORS:
        files[f"datadog/monitors/{each.name}.json"] = readable(monitor(each, settings))
    return files


def for_mixin() -> dict[str, str]:
    """The dashboards with the words still to be put in, by their path in deploy/."""
    return {f"mixin/dashboards/{name}": compact(make()) for name, make in DASHBOARDS.items()}


def for_chart(made: dict[str, str], groups: str) -> dict[str, str]:
    """What the chart makes a PrometheusRule and ConfigMaps of, by the path in its files/.

    The rules have the words still to be put in: Helm does that (`watchdog.words`).
    """
    dashboards = {f"dashboards/{name}": made[f"grafana/{name}"] for name in DASHBOARDS}
    return {"rules.yaml": groups, **dashboards}


def readable(value: Json) -> str:
    """JSON as people read it."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def compact(value: Json) -> str:
    """JSON that nobody reads: deploy/grafana/ has the same."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def settle(path: Path, text: str, check: bool) -> bool:
    """Write `path`, or tell whether it holds `text` already."""
    if check:
        return path.exists() and path.read_text() == text
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return True


def customise(output: Path, settings: Settings) -> list[Path]:
    """Copy deploy/ to `output` for an installation; the files written.

    The mixin stays away: it has its own `_config`.
    """
    made = generated(settings, rules.template(RECORDS.read_text(), ALERTS.read_text()))
    written = []
    for source in sorted(path for path in DEPLOY.rglob("*") if path.is_file()):
        name = source.relative_to(DEPLOY)
        if not name.is_relative_to("mixin"):
            text = made.get(name.as_posix()) or by_hand(name, source.read_text(), settings)
            settle(output / name, text, check=False)
            written.append(output / name)
    return written


def by_hand(name: Path, text: str, settings: Settings) -> str:
    """A file that isn't generated: examples, and the unit tests of the rules."""
    for placeholder, own in ((RUNBOOK, settings.runbook), (GRAFANA, settings.grafana)):
        text = text.replace(placeholder, own)
    text = text.replace(PAGE, settings.page)
    if name.parts[0] == "alertmanager":
        text = text.replace("critical|page", settings.critical)
        text = text.replace("warning|ticket", settings.warning)
        text = text.replace('severity="info"', f'severity="{settings.info}"')
        return _CLUSTER.sub(settings.cluster, text)
    if name.parts[:2] == ("prometheus", "tests"):
        text = text.replace(".md", settings.runbook_suffix)
        text = _SEVERITY.sub(lambda found: getattr(settings, found[0]), text)
        return _CLUSTER.sub(settings.cluster, text)
    return text


def main(arguments: list[str]) -> int:
    """Write, compare or copy; 1 where a generated file is out of date."""
    given = _parser().parse_args(arguments)
    if given.output is not None:
        written = customise(given.output, _settings(given))
        sys.stdout.write(f"{len(written)} files written to {given.output}\n")
        return 0
    sources = {path: with_causes(path.read_text()) for path in (RECORDS, ALERTS, ALERTMANAGER)}
    groups = rules.template(sources[RECORDS], sources[ALERTS])
    made = {**generated(Settings(), groups), **for_mixin()}
    files = {**sources, **{DEPLOY / name: text for name, text in made.items()}}
    files |= {CHART_FILES / name: text for name, text in for_chart(made, groups).items()}
    files[CHART_SCHEMA] = with_keys(CHART_SCHEMA.read_text())
    stale = [path for path, text in files.items() if not settle(path, text, given.check)]
    for path in stale:
        sys.stderr.write(f"{path.relative_to(ROOT)} is out of date: run python -m tools.deploy\n")
    return 1 if stale else 0


def _settings(given: argparse.Namespace) -> Settings:
    critical, warning, info = given.severities
    return Settings(
        selector=given.selector,
        cluster=given.cluster_label,
        critical=critical,
        warning=warning,
        info=info,
        runbook=given.runbook,
        runbook_suffix=given.runbook_suffix,
        grafana=given.grafana,
        page=given.page,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.deploy", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write a copy of deploy/ there")
    parser.add_argument("--runbook", type=_address, default=RUNBOOK, metavar="URL")
    parser.add_argument("--runbook-suffix", type=_suffix, default=".md", metavar="TEXT")
    parser.add_argument("--grafana", type=_address, default=GRAFANA, metavar="URL")
    parser.add_argument("--page", type=_address, default=PAGE, metavar="URL")
    parser.add_argument("--selector", type=_selector, default="", metavar="MATCHERS")
    parser.add_argument("--cluster-label", type=_label, default="cluster", metavar="NAME")
    names = "CRITICAL,WARNING,INFO"
    parser.add_argument(
        "--severities", type=_severities, default="critical,warning,info", metavar=names
    )
    return parser


def _address(text: str) -> str:
    """An address as it can stand in YAML and JSON, without a slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise argparse.ArgumentTypeError(f"{text!r} is no http:// or https:// address")
    if set(text) & set("\"'`{}\\ \n\t%"):
        raise argparse.ArgumentTypeError(f"{text!r} has characters that an address has not")
    return text.rstrip("/")


def _suffix(text: str) -> str:
    if not re.fullmatch(r"[\w./-]*", text):
        raise argparse.ArgumentTypeError(f"{text!r} can't follow a page's name")
    return text


def _label(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z_]\w*", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is no label's name")
    return text


def _selector(text: str) -> str:
    matcher = r'[a-zA-Z_]\w*(?:=|!=|=~|!~)"[^"\\\n%{}]*"'
    if text and not re.fullmatch(rf"{matcher}(?:, ?{matcher})*", text, re.ASCII):
        raise argparse.ArgumentTypeError(f'{text!r} is no list of matchers as job="watchdog"')
    return text


def _severities(text: str) -> tuple[str, ...]:
    names = text.split(",")
    if len(set(names)) != len(names) or not all(re.fullmatch(r"[\w-]+", name) for name in names):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of three names")
    if len(names) != len(("critical", "warning", "info")):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of three names")
    return tuple(names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
