"""Which test runs which command of the documents; and those that none can, with the reason."""

import re
from typing import NamedTuple

from tests.documents.lines import Line, every

WAYS = {
    "service": "tests/documents/test_watchdog_commands.py",
    "cluster": "tests/control_plane/test_documents.py",
    "parsed": "tests/command_lines/test_parsers.py",
    "deploy": "tests/documents/test_deploy_commands.py",
    "ledger": "tests/documents/test_ledger_commands.py",
    "make": "tests/documents/test_every_command.py",
    "settings": "tests/documents/test_every_command.py",
}
"""Each way of running them, and the file whose tests do: it asks for `commands_of` the way."""


class NotRun(NamedTuple):
    """Commands that no test of ours runs as they stand."""

    page: str
    """A page, or a folder of pages."""
    pattern: str
    """The whole command."""
    why: str


NOT_RUN = (
    NotRun(
        "docs/install.md",
        r"(docker|make image) .*",
        "needs an engine; tests/image builds the same file",
    ),
    NotRun("docs/quickstart.md", r"pipx .*", "needs pipx; what it installs is tests/packages'"),
    NotRun(
        "docs/upgrade.md",
        r"kubectl .* exec -i .* watchdog doctor --config .*",
        "kwok hands on what is typed, and never its end: tests/deploy/test_config_check.py",
    ),
    NotRun(
        "docs/runbook",
        r"amtool alert .*",
        "needs an Alertmanager: tests/deploy/test_alertmanager.py asks it",
    ),
    NotRun("docs/runbook", r"aws s3 .*", "needs a bucket of AWS's and its command line"),
    NotRun("docs/runbook", r"curl .*https://slack\.com/.*", "asks Slack itself"),
    NotRun("docs/runbook", r"kubectl get --raw .*/pods/<pod>.*", "the tests' pods have no address"),
    NotRun(
        "docs/runbook",
        r"kubectl .*\btop .*",
        "needs a metrics server; tests/control_plane/test_own_pods.py reads the same figures",
    ),
    NotRun("helm", r"helm test .*", "its pod asks from within: test_chart_upgrade.py plays it"),
    NotRun("deploy/README.md", r"jsonnet .*", "tests/deploy/test_mixin.py runs the page's block"),
    NotRun("deploy/README.md", r"(for monitor|curl -fsS|done).*", "asks Datadog itself"),
    NotRun("deploy/README.md", r"helm upgrade .*/datadog/.*", "needs Datadog's agent"),
    NotRun("deploy/README.md", r"aws cloudwatch .*", "needs an account of AWS's"),
    NotRun("deploy/compose", r"docker compose .*", "needs an engine: tests/deploy/test_compose.py"),
    NotRun("deploy/iam", r"(sed|aws iam) .*", "needs an account: test_s3.py tries the policy"),
    NotRun(
        "deploy/kube-prometheus-stack",
        r"(helm (repo|install|upgrade)|\w+ -n monitoring|\(echo|kubectl -n watchdog get) .*",
        "needs that stack's chart, from the internet",
    ),
    NotRun("deploy/kustomize", r"(cp -r|kubectl) .*", "tests/control_plane/test_kustomize.py"),
    NotRun("deploy/terraform", r"(terraform|helm upgrade) .*", "tests/deploy/test_terraform.py"),
    NotRun("docs/releasing.md", r"(cosign|make) .*", "a release's: tests/workflows, tests/image"),
)
OF_CLUSTER = re.compile(r"watchdog run$|--all\b|s3://")
IN_A_RUNNER = re.compile(r"kubectl exec -n <")
LEDGER = ("createuser", "createdb", "pg_dump", "pg_restore", "python3 -c", "cd ~/.local/state/")
DEPLOY = ("promtool", "amtool", "cp deploy/prometheus/", "python -m tools.deploy")


def way_of(line: Line) -> str | None:
    """The way in which a command is run; `None` for one that nobody knows how to run."""
    text = line.text
    if any(is_about(record, line) for record in NOT_RUN):
        return "not run"
    if line.program in {"watchdog", ".venv/bin/watchdog"}:
        return "cluster" if OF_CLUSTER.search(text) else "service"
    if line.program == "hawk" or IN_A_RUNNER.match(text):
        return "parsed"
    if text.startswith(LEDGER):
        return "ledger"
    if text.startswith(DEPLOY):
        return "deploy"
    return {
        "kubectl": "cluster",
        "helm": "cluster",
        "curl": "cluster",
        "make": "make",
        "export": "settings",
    }.get(line.program)


def is_about(record: NotRun, line: Line) -> bool:
    """Whether a reason is one for this command."""
    in_it = line.page == record.page or line.page.startswith(f"{record.page}/")
    return in_it and re.fullmatch(record.pattern, line.text) is not None


def commands_of(way: str, page: str = "") -> list[str]:
    """The commands of a way, those of one page or folder or of all, in order, each once."""
    found = (line for line in every() if way_of(line) == way and line.page.startswith(page))
    return list(dict.fromkeys(line.text for line in found))
