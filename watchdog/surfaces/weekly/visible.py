"""What of a week somebody may see, by the groups that eval sets ask for."""

from collections.abc import Collection

from watchdog.model.access import Viewer
from watchdog.model.weekly import WeekRecords
from watchdog.pipeline.weekly.visible import only
from watchdog.surfaces.incidents.rows import may_see


def visible(
    records: WeekRecords, viewer: Viewer, hidden: Collection[str]
) -> tuple[WeekRecords, int]:
    """What may be seen, and how many incidents may not: nothing that is summed up counts them.

    Args:
        records: all that is kept of the week.
        viewer: who looks.
        hidden: eval sets that are watched and that they may not see.
    """
    if viewer.sees_all:
        return records, 0
    return only(
        records,
        lambda one: may_see(viewer, one.kept, hidden),
        lambda row: row.eval_set not in hidden and viewer.may_see(row.groups),
    )
