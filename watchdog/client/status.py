"""Reads what `status` and `watch` show."""

from watchdog.client.place import Place
from watchdog.surfaces.fleet.filters import Filters
from watchdog.surfaces.fleet.view import Status


async def read_status(place: Place, filters: Filters, *, in_full: bool = False) -> Status:
    """One eval set where one is asked for, else the fleet.

    Args:
        place: where to read.
        filters: of the fleet.
        in_full: the whole report instead.

    Raises:
        UsageError: it can't be read.
    """
    reader = place.reader
    if in_full:
        return await reader.report(place.name)
    if place.name is not None:
        return await reader.eval_set(place.name)
    view = await reader.fleet(filters)
    if place.is_one and view.fleet.total == 1:
        return await reader.eval_set(view.fleet.eval_sets[0].eval_set_id)
    return view
