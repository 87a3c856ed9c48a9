"""Writes the evidence of an eval set as the page hands it out."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from watchdog.config.settings import Settings
from watchdog.model.report import Snapshot
from watchdog.redaction import Secrets
from watchdog.surfaces.reduced import reduced
from watchdog.surfaces.web.routes import Bundle

Clock = Callable[[], float]
Read = Callable[[], Snapshot | None]

PAGE_BYTES = 64 * 1024 * 1024
"""Of a store that are read for a bundle from the page; the pod's /tmp holds it for a moment."""


def page_bundler(read: Read, settings: Settings, clock: Clock, secrets: Secrets) -> Bundle:
    """Writes the evidence of an eval set as the page hands it out."""

    async def bundle(eval_set_id: str) -> Path:
        # the cluster's client takes a while to import, and a log directory needs none of it
        from watchdog.evidence.bundle import default_name, evidence  # noqa: PLC0415
        from watchdog.evidence.report import Wanted  # noqa: PLC0415

        snapshot = read()
        live = reduced(snapshot.report, eval_set_id) if snapshot is not None else None
        wanted = Wanted(store=settings.evidence_store, live=live)
        now = clock()
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="evidence-"))
        path = folder / f"{default_name(eval_set_id, now)}.tar.gz"
        try:
            written = await evidence(eval_set_id, settings, now, path, PAGE_BYTES, wanted, secrets)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return written.path

    return bundle
