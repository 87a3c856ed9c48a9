"""The reasons that Kubernetes gives for what happens to pods and containers, by what they mean.

Sources: kubernetes/pkg/kubelet/events and images/types.go (`state.waiting.reason`), api/core/v1
(`PodReason…` of the condition DisruptionTarget), and `status.reason` as kubelet and controllers
write it.
"""

IMAGE_PULL = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
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
        "TerminationByKubelet",
    }
)
"""Reason of the condition DisruptionTarget."""

EVICTIONS = LOST | DISRUPTIONS
"""All that is called an eviction."""
