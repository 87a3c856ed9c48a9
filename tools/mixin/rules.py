"""The rule file and the operator's form of it, from deploy/mixin/rules.yaml and alerts.yaml."""

from tools.mixin.settings import Settings, fill

_START = "groups:\n"

_RULES = """\
# Recording and alerting rules for the stuck-eval watchdog: Prometheus 2.42 or newer.
#
# Generated from deploy/mixin/ by `python -m tools.deploy`: change it there. Your own addresses,
# severities, selector and cluster label: `python -m tools.deploy --output DIR …`, or the mixin.
#
# Labels: `severity` is critical (somebody is called), warning (it can wait for the morning) or info
# (nobody hears of it); `scope` says what an alert is about (eval_set, model, provider, fleet,
# watchdog), for grouping and inhibition; `app` is the same on all. The cluster's label is kept
# where the series carry it. Labels of a single pod are dropped, so that a restart of the watchdog
# opens no second alert.
"""

_OPERATOR = """\
# Generated from deploy/mixin/ by `python -m tools.deploy`: change it there.
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


def template(records: str, alerts: str) -> str:
    """One file of all groups, recording rules first, with the words still to be put in."""
    return f"{records.rstrip()}\n\n{alerts.removeprefix(_START).lstrip(chr(10)).rstrip()}\n"


def rule_file(groups: str, settings: Settings) -> str:
    """What Prometheus reads."""
    return _RULES + fill(groups, settings)


def prometheus_rule(groups: str, settings: Settings) -> str:
    """The operator's form: the same groups, comments included, under `spec`."""
    lines = [f"  {line}" if line else "" for line in fill(groups, settings).split("\n")]
    return _OPERATOR + "\n".join(lines)
