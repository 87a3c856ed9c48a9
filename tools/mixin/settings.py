"""What differs from one installation to the next, as a mixin's `_config` has it."""

import re
from dataclasses import dataclass

RUNBOOK = "https://runbook.example.org"
GRAFANA = "https://grafana.example.org"
PAGE = "https://watchdog.example.org"
"""The placeholders for where docs/runbook/, the dashboards and the page can be read."""

Json = dict[str, "Json"] | list["Json"] | str | float | bool | None

_LEFT = re.compile(r"%\(\w+\)s")


@dataclass(frozen=True)
class Settings:
    """The defaults are those of deploy/mixin/config.libsonnet."""

    selector: str = ""
    """Matchers of every series, such as `job="watchdog", namespace="evals"`: of the job, its
    namespace and the cluster alone, since no other label outlives a pod."""
    cluster: str = "cluster"
    """The label that tells clusters apart."""
    critical: str = "critical"
    warning: str = "warning"
    info: str = "info"
    runbook: str = RUNBOOK
    runbook_suffix: str = ".md"
    """What follows a page's name: nothing on a site, `.md` in a repository."""
    grafana: str = GRAFANA
    page: str = PAGE

    def words(self) -> dict[str, str]:
        """Give what stands for each `%(name)s`."""
        of_cluster = f"{{{{ with $labels.{self.cluster} }}}}%s{{{{ end }}}}"
        return {
            "selected": f"{{{self.selector}}}" if self.selector else "",
            "prefixedSelector": f"{self.selector}," if self.selector else "",
            "clusterLabel": self.cluster,
            "inCluster": of_cluster % " in {{ . }}",
            "varCluster": of_cluster % "&var-cluster={{ . | urlquery }}",
            "critical": self.critical,
            "warning": self.warning,
            "info": self.info,
            "runbookUrl": self.runbook,
            "runbookSuffix": self.runbook_suffix,
            "grafanaUrl": self.grafana,
            "pageUrl": self.page,
        }


def fill(text: str, settings: Settings) -> str:
    """Put the words in, by plain replacement: a `%` that is none of them stays."""
    for name, word in settings.words().items():
        text = text.replace(f"%({name})s", word)
    if left := _LEFT.search(text):
        raise LookupError(f"nothing stands for {left.group()}")
    return text


def filled(value: Json, settings: Settings) -> Json:
    """Give a JSON value with the words put into its texts."""
    if isinstance(value, dict):
        return {key: filled(each, settings) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, settings) for each in value]
    return fill(value, settings) if isinstance(value, str) else value
