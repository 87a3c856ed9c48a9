"""What a week is summed up from, behind a site."""

from watchdog.model.weekly import WeekRecords
from watchdog.surfaces.web.desk import DeskError


class Weeks:
    """Records, as a test tells them."""

    zone = "UTC"
    shadow = "slack:#quiet"

    def __init__(self, *incidents, lost=(), flaw=None):
        self.kept = WeekRecords(incidents, tuple(lost))
        self.flaw = flaw
        self.asked = []

    async def records(self, span):
        if self.flaw is not None:
            raise DeskError(503, self.flaw)
        self.asked.append(span)
        return self.kept
