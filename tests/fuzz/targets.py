"""Every parser of foreign bytes, in one list."""

from tests.fuzz import (
    access_targets,
    check_target,
    cluster_targets,
    inspect_targets,
    outside_targets,
    own_targets,
    work_targets,
)
from tests.fuzz.target import Target

TARGETS: tuple[Target, ...] = (
    *inspect_targets.TARGETS,
    *cluster_targets.TARGETS,
    *outside_targets.TARGETS,
    *own_targets.TARGETS,
    *work_targets.TARGETS,
    *access_targets.TARGETS,
    *check_target.TARGETS,
)
BY_NAME = {target.name: target for target in TARGETS}
