"""Incidents behind a site, as a test tells them; what people want is kept."""

from watchdog.surfaces.web.desk import DeskError


class Desk:
    """Refuses with `flaw`, where that is set."""

    def __init__(self, standing=(), past=(), flaw=None):
        self.standing = tuple(standing)
        self.kept = list(past)
        self.flaw = flaw
        self.version = 0
        self.wishes = []
        self.asked = []

    async def past(self, query):
        self._fail()
        self.asked.append(query)
        ended = sorted(
            (one for one in self.kept if one.resolved_at is not None),
            key=lambda one: (-one.resolved_at, one.incident.id, -one.opening),
        )
        places = [(one.resolved_at, one.incident.id, one.opening) for one in ended]
        first = places.index(query.before) + 1 if query.before in places else 0
        fitting = [one for one in ended[first:] if query.lets_through(one.incident)]
        return tuple(fitting[: query.limit])

    async def one(self, incident_id, opening):
        self._fail()
        found = [
            one
            for one in (*self.kept, *(each.kept for each in self.standing))
            if one.incident.id == incident_id and opening in {None, one.opening}
        ]
        return max(found, key=lambda one: one.opening, default=None)

    async def act(self, wish):
        self._fail()
        self.wishes.append(wish)

    def _fail(self):
        if self.flaw is not None:
            raise DeskError(503, self.flaw)
