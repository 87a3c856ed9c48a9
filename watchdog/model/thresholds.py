"""The rules' thresholds with their defaults; docs/detection.md argues them."""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace


class Thresholds(Struct, frozen=True):
    """How much evidence makes a verdict. Each field is also a key `detection.<name>`."""

    false_pages_per_week: Annotated[
        float,
        Meta(
            gt=0,
            le=1000,
            description="false pages tolerated per week, for everything watched; how long is too "
            "long, and how many failures are too many, follows from it",
        ),
    ] = 1.0
    false_warnings_per_week: Annotated[
        float, Meta(gt=0, le=10_000, description="the same for warnings (`degraded`)")
    ] = 10.0
    scale: Annotated[
        float,
        Meta(
            gt=0,
            le=10,
            description="factor on every duration that is assumed before anything was learned; "
            "for demonstrations, where an hour should pass in seconds",
        ),
    ] = 1.0
    batch_call: Annotated[
        float, Meta(gt=0, description="seconds that a call may spend in a provider's batch")
    ] = 259_200.0
    approval_wait: Annotated[
        float,
        Meta(
            gt=0,
            description="seconds that a person's approval or answer may be awaited before it is a "
            "warning",
        ),
    ] = 86_400.0
    capacity_wait: Annotated[
        float,
        Meta(
            gt=0,
            description="seconds that a queue may hold an eval set back before it is a warning",
        ),
    ] = 86_400.0
    stop_wait: Annotated[
        float,
        Meta(
            gt=0,
            description="seconds that a stop may take; then it explains no silence any more, and "
            "is a warning",
        ),
    ] = 900.0
    deletion_wait: Annotated[
        float, Meta(gt=0, description="seconds that a deletion may take before it is a warning")
    ] = 1800.0
    call_grace: Annotated[
        float, Meta(gt=0, description="seconds that a call may take beyond its declared time-out")
    ] = 600.0
    pod_waiting: Annotated[
        float, Meta(gt=0, description="seconds a container may wait for its image, or crash anew")
    ] = 300.0
    pod_creating: Annotated[
        float,
        Meta(
            gt=0,
            description="seconds a container may be in creation though mounts, networks or its "
            "sandbox fail (such trouble often passes)",
        ),
    ] = 900.0
    pod_creating_silent: Annotated[
        float, Meta(gt=0, description="the same where nothing tells why (a large image, say)")
    ] = 3600.0
    pod_rejected: Annotated[
        float,
        Meta(gt=0, description="seconds a pod may be refused by the API server (quotas get free)"),
    ] = 900.0
    node_not_ready: Annotated[
        float, Meta(gt=0, description="seconds a node may be away (kubelets are restarted)")
    ] = 300.0
    unschedulable: Annotated[
        float, Meta(gt=0, description="seconds a pod may be unschedulable (nodes may be added)")
    ] = 900.0
    pod_explains: Annotated[
        float,
        Meta(gt=0, description="seconds after which a killed sandbox explains a pending call"),
    ] = 300.0
    runner_restart: Annotated[
        float, Meta(gt=0, description="seconds a Job may take to start its runner's next pod")
    ] = 600.0
    runner_gone: Annotated[
        float, Meta(gt=0, description="seconds without any runner before the runner is gone")
    ] = 30.0
    teardown: Annotated[
        float,
        Meta(gt=0, description="seconds a runner may take to end once its logs are finished"),
    ] = 1800.0
    teardown_retried: Annotated[
        float,
        Meta(
            gt=0,
            description="the same where a log ended in an error: Inspect may try the task again",
        ),
    ] = 7200.0
    log_write_failed: Annotated[
        float,
        Meta(
            gt=0,
            description="seconds over which a runner's writes of its log may fail before it is a "
            "page (fifteen times that from the last failure on, where none comes after it: it "
            "tries again when there is something new)",
        ),
    ] = 300.0
    idle_cores: Annotated[
        float,
        Meta(gt=0, description="CPU cores below which a runner does nothing but wait"),
    ] = 0.0005
    stopped_cores: Annotated[
        float,
        Meta(
            gt=0,
            description="CPU cores below which not even its event loop turns (one that waits for "
            "its calls takes 0.0002 to 0.0004)",
        ),
    ] = 0.00005
    runner_stopped: Annotated[
        float,
        Meta(
            gt=0,
            description="seconds a runner may use no CPU at all and write nothing; and at the "
            "least that a log may be silent that never was for a tenth as long",
        ),
    ] = 900.0
    orphaned: Annotated[
        float, Meta(gt=0, description="seconds sandboxes may outlive their eval set (tear-down)")
    ] = 1800.0
    orphaned_share: Annotated[
        float,
        Meta(
            gt=0, le=1, description="share of orphans beyond which the label selector is to blame"
        ),
    ] = 0.5
    degraded_share: Annotated[
        float,
        Meta(gt=0, le=1, description="share of failed attempts among the last 20 that is degraded"),
    ] = 0.25
    owner_exceptions: Annotated[
        float,
        Meta(
            gt=0,
            le=7_776_000,
            description="seconds from the start of a Job or a log for which its owner's exceptions "
            "(annotations, metadata) may hold; an earlier `until` ends them",
        ),
    ] = 1_209_600.0
    stale_intervals: Annotated[
        float, Meta(ge=1, description="intervals after which what was read is too old to judge")
    ] = 3.0

    def patient(self, patience: float | None) -> "Thresholds":
        """With so many times the patience for what is assumed of pods that are to start."""
        if patience is None:
            return self
        return replace(
            self,
            pod_waiting=patience * self.pod_waiting,
            pod_creating=patience * self.pod_creating,
            pod_creating_silent=patience * self.pod_creating_silent,
            pod_rejected=patience * self.pod_rejected,
            node_not_ready=patience * self.node_not_ready,
            unschedulable=patience * self.unschedulable,
            runner_restart=patience * self.runner_restart,
        )
