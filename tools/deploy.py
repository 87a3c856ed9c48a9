"""The forms in deploy/ that come from others, and copies of deploy/ with your own addresses.

`python -m tools.deploy` writes deploy/prometheus-operator/prometheusrule.yaml from
deploy/prometheus/rules.yaml, and into that one and Alertmanager's example which causes are a
provider's; with `--check` it compares. `--output DIR --runbook URL --grafana URL
--page URL` writes all of deploy/ to DIR, with the placeholders replaced.
"""

import argparse
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yaml"
ALERTMANAGER = DEPLOY / "alertmanager" / "alertmanager.yaml"
PROMETHEUS_RULE = DEPLOY / "prometheus-operator" / "prometheusrule.yaml"

RUNBOOK = "https://runbook.example.org"
GRAFANA = "https://grafana.example.org"
PAGE = "https://watchdog.example.org"
"""The placeholders for where docs/runbook/, the dashboards and the page can be read."""

_CAUSES = re.compile(r'(?<=cause=~")[a-z_|]+(?=")')

_HEAD = """\
# Generated from deploy/prometheus/rules.yaml by `python -m tools.deploy`: change it there.
#
# The Prometheus resource picks rules by label (spec.ruleSelector); kube-prometheus-stack's default
# wants `release: <its release>`.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: stuck-eval-watchdog
  labels:
    app.kubernetes.io/name: stuck-eval-watchdog
spec:
"""


def prometheus_rule(rules: str) -> str:
    """The operator's form of a rule file: its groups, comments included, under `spec`."""
    _, mark, groups = rules.partition("\ngroups:\n")
    lines = [f"  {line}" if line else "" for line in (mark.strip() + "\n" + groups).split("\n")]
    return _HEAD + "\n".join(lines)


def with_causes(text: str) -> str:
    """A file that names the provider's causes wherever it matches causes: those of model calls.

    A request's own length is none, nor what nobody can name.
    """
    # a copy with your own addresses is made by any Python, without what the program needs
    from watchdog.model.causes import TESTABLE_CAUSES  # noqa: PLC0415
    from watchdog.model.verdict import Cause  # noqa: PLC0415

    causes = TESTABLE_CAUSES - {Cause.CONTEXT_LENGTH, Cause.UNEXPLAINED}
    return _CAUSES.sub("|".join(cause for cause in Cause if cause in causes), text)


def settle(path: Path, text: str, check: bool) -> bool:
    """Write `path`, or tell whether it holds `text` already."""
    if check:
        return path.exists() and path.read_text() == text
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return True


def customise(output: Path, runbook: str, grafana: str, page: str = PAGE) -> list[Path]:
    """Copy deploy/ to `output` with the placeholders replaced; the files written."""
    written = []
    for source in sorted(path for path in DEPLOY.rglob("*") if path.is_file()):
        path = output / source.relative_to(DEPLOY)
        text = source.read_text().replace(RUNBOOK, runbook).replace(GRAFANA, grafana)
        text = text.replace(PAGE, page)
        settle(path, text, check=False)
        written.append(path)
    return written


def main(arguments: list[str]) -> int:
    """Write, compare or copy; 1 where a generated file is out of date."""
    given = _parser().parse_args(arguments)
    if given.output is not None:
        written = customise(given.output, given.runbook, given.grafana, given.page)
        sys.stdout.write(f"{len(written)} files written to {given.output}\n")
        return 0
    rules = with_causes(RULES.read_text())
    files = {
        RULES: rules,
        ALERTMANAGER: with_causes(ALERTMANAGER.read_text()),
        PROMETHEUS_RULE: prometheus_rule(rules),
    }
    stale = [path for path, text in files.items() if not settle(path, text, given.check)]
    for path in stale:
        sys.stderr.write(f"{path.relative_to(ROOT)} is out of date: run python -m tools.deploy\n")
    return 1 if stale else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.deploy", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write a copy of deploy/ there")
    parser.add_argument("--runbook", type=_address, default=RUNBOOK, metavar="URL")
    parser.add_argument("--grafana", type=_address, default=GRAFANA, metavar="URL")
    parser.add_argument("--page", type=_address, default=PAGE, metavar="URL")
    return parser


def _address(text: str) -> str:
    """An address as it can stand in YAML and JSON, without a slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise argparse.ArgumentTypeError(f"{text!r} is no http:// or https:// address")
    if set(text) & set("\"'`{}\\ \n\t"):
        raise argparse.ArgumentTypeError(f"{text!r} has characters that an address has not")
    return text.rstrip("/")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
