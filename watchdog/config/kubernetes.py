"""The group `kubernetes`."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from watchdog.config.section import PositiveSeconds, Section, Texts


class Kubernetes(Section):
    """How the cluster is reached, and how its eval sets are told from everything else."""

    enabled: Literal["auto", "yes", "no"] = "auto"
    """`auto`: where no `logs` are given."""
    kubeconfig: Path | None = None
    """A kubeconfig file; without it the service account in a pod, else KUBECONFIG or ~/.kube."""
    context: str | None = None
    """A context of the kubeconfig; by default its current one."""
    store: str | None = None
    """Where an eval set's logs are, e.g. `s3://bucket/evals/{eval_set_id}`."""
    namespaces: Texts = ()
    """Only these namespaces; empty for the whole cluster."""
    namespace_prefix: str = "inspect-"
    """Namespace of a runner: this and the job id."""
    sandbox_namespace_suffix: str = "-s"
    """Namespace of its sandboxes: the runner's and this."""
    app_names: Texts = ("inspect-ai", "hawk")
    """Values of `app.kubernetes.io/name` on runner Jobs and pods."""
    sandbox_app_names: Texts = ("agent-env",)
    """Values of `app.kubernetes.io/name` on sandbox pods."""
    label_prefix: str = "inspect-ai.metr.org/"
    """Prefix of Hawk's own label and annotation keys (job-id, job-type, eval-set-id, …)."""
    vanished_kept: PositiveSeconds = 604_800
    """Seconds that an eval set whose runner died stays, after its objects were taken away (TTL)."""
    job_types: Texts = ("eval-set",)
    """Values of the label job-type that are watched; add `scan` for scans."""
    container: str = "inspect-eval-set"
    """The runner's container."""
    timeout: PositiveSeconds = 30
    """Seconds for one request."""
    page_size: int = Field(default=200, ge=10, le=10_000)
    """Objects in one page of a listing."""
    watch_timeout: PositiveSeconds = 240
    """Seconds after which the API server ends a watch; 30 s later it is taken for dead."""
    relist_interval: PositiveSeconds = 900
    """Seconds between two full listings that correct what a watch missed."""
    logs: bool = True
    """Whether runners' logs are read: they say more than buffers, and need `get` of `pods/log`."""
    log_bytes: int = Field(default=1_048_576, ge=4096, le=67_108_864)
    """Bytes read of one runner's log in one poll; more is sampled."""
