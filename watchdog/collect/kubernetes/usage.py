"""CPU use of pods, where the cluster has the metrics API: it knows no watch, so it is polled."""

from threading import Event, Thread

from watchdog.collect.kubernetes.api import Api
from watchdog.collect.kubernetes.decoding import USAGE, Decoder
from watchdog.collect.kubernetes.errors import ApiError, Reason, one_line
from watchdog.collect.kubernetes.object_cache import ObjectCache
from watchdog.collect.kubernetes.reflector import Environment
from watchdog.collect.kubernetes.resources import ListQuery
from watchdog.model.cluster import PodUsage

OPTIONAL: frozenset[Reason] = frozenset({"not_found", "forbidden", "unavailable"})
"""No metrics server, no permission for it, or one that is down: no fault of ours to report."""
ABSENT_FACTOR = 10
"""Where it is absent it is looked for so many times less often."""


class UsagePoll:
    """Asks for the use of pods at intervals, in a thread of its own."""

    def __init__(
        self,
        api: Api,
        query: ListQuery,
        object_cache: ObjectCache[PodUsage],
        interval: float,
        environment: Environment,
    ) -> None:
        self.query = query
        self.object_cache = object_cache
        self._api = api
        self._interval = interval
        self._clock = environment.clock
        self._stopped = Event()
        self._pause = environment.pause or self._stopped.wait
        self._decoder = Decoder(USAGE)
        self._thread = Thread(target=self._run, name=f"poll {query.what}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End soon."""
        self._stopped.set()

    def join(self, timeout: float) -> bool:
        """Wait for the end; whether it came."""
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def step(self) -> None:
        """Ask once, then wait. Never raises."""
        wait = self._interval
        try:
            self._read()
        except ApiError as error:
            if not self._stopped.is_set():
                self.object_cache.fail(error, quietly=error.reason in OPTIONAL)
            wait *= ABSENT_FACTOR if error.reason in {"not_found", "forbidden"} else 1
        self._pause(wait)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.step()

    def _read(self) -> None:
        started_at = self._clock()
        reply = self._api.get(self.query)
        try:
            page = self._decoder.page(reply.body)
        except ValueError as error:
            text = f"{self.query.what}: no listing: {one_line(str(error))}"
            raise ApiError("other", reply.status, text) from error
        entries = {entry.meta.key: entry for entry in page.entries}
        self.object_cache.replace(entries, page.problems, started_at)
