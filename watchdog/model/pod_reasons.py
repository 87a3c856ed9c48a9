"""The reasons that Kubernetes gives for what happens to pods and containers, by what they mean.

Sources: kubernetes/pkg/kubelet/events and images/types.go (`state.waiting.reason`), api/core/v1
(`PodReason…` of the condition DisruptionTarget), and `status.reason` as kubelet and controllers
write it.
"""

NORMAL_WAITS = frozenset({"", "ContainerCreating", "PodInitializing"})
"""A container waits as every one does at first; any other reason is trouble, named here or not."""

IMAGE_PULL = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
"""A container waits for its image."""

CRASH_LOOP = frozenset({"CrashLoopBackOff"})
"""A container waits to be started again after it crashed."""

OOM_KILLED = "OOMKilled"
"""A container ended because it ran out of memory."""

LOST = frozenset({"Evicted", "Preempting", "NodeLost", "NodeShutdown", "Terminated"})
"""`status.reason` of a pod that its node gave up."""

DISRUPTIONS = frozenset(
    {
        "PreemptionByScheduler",
        "EvictionByEvictionAPI",
        "DeletionByTaintManager",
        "DeletionByPodGC",
        "TerminationByKubelet",
    }
)
"""Reason of the condition DisruptionTarget."""

EVICTIONS = LOST | DISRUPTIONS
"""All that is called an eviction."""

EVICTION_EVENTS = frozenset(
    {
        "Evicted",
        "Preempted",
        "Preempting",
        "TaintManagerEviction",
        "ScaleDown",
        "Descheduled",
        "NodeShutdown",
        "DisruptionTerminating",
    }
)
"""Events that tell of a pod that it was given up: by the kubelet, the scheduler, the taint manager,
or an autoscaler (cluster-autoscaler's `ScaleDown`, Karpenter's `Evicted`, both of type Normal)."""

CANCELLED_EVICTION = "Cancelling deletion"
"""So begins the message of a `TaintManagerEviction` that takes an earlier one back."""

START_FAILURES = frozenset(
    {
        "FailedMount",
        "FailedAttachVolume",
        "FailedMapVolume",
        "FailedCreatePodSandBox",
        "FailedCreatePodContainer",
        "NetworkNotReady",
        "FailedSync",
        "Failed",
    }
)
"""Warnings that explain why a container is still being created."""

NODE_NOT_READY = "NodeNotReady"
"""Event of the node's controller about each pod of a node that doesn't answer."""

REFUSED = "FailedCreate"
"""A controller's event: the API server refused the pod that it wants to make."""

KILLED_EXIT_CODE = 137
"""SIGKILL: out of memory, an eviction, or a grace period that ran out."""

CONFIG_EXIT_CODE = 78
"""EX_CONFIG: Hawk's runner ends so where its configuration can't work (`podFailurePolicy`)."""

POD_FAILURE_POLICY = "PodFailurePolicy"
"""Reason of a Job's condition Failed where its pod failure policy ended it."""
