"""A sample's messages, which no service hands out: they are read where its log is."""

from collections.abc import Callable

from watchdog.client.look import Look
from watchdog.client.place import Place
from watchdog.config.settings import Settings
from watchdog.errors import UsageError
from watchdog.model.conversation import Conversation
from watchdog.model.samples import SampleDetail
from watchdog.pipeline.targets import store_of


async def conversation(
    place: Place, detail: SampleDetail, settings: Settings, clock: Callable[[], float]
) -> Conversation:
    """The messages of a sample that was read at a place.

    Raises:
        UsageError: the log is not at hand here.
    """
    sample = detail.sample
    asked = f"{sample.task}/{sample.id}/{sample.epoch}"
    if isinstance(place.reader, Look):
        return await place.reader.conversation(detail.eval_set_id, asked)
    look = _store(detail.eval_set_id, settings, clock)
    try:
        return await look.conversation(detail.eval_set_id, asked)
    finally:
        await look.aclose()


def _store(eval_set_id: str, settings: Settings, clock: Callable[[], float]) -> Look:
    """What the settings of this machine say of where logs are."""
    store = store_of(settings)
    if store is None:
        raise UsageError(
            "a service hands out no contents: say where the log is, --logs TARGET, or "
            "WATCHDOG_KUBERNETES_STORE"
        )
    target = store.replace("{eval_set_id}", eval_set_id)
    return Look(target, [target], settings, clock)
