"""The process that writes one bundle for the page: a job on standard input, its outcome out.

Standard input stays open as long as the service wants the bundle. Its end ends this process, also
where the service was killed.
"""

import asyncio
import os
import resource
import shutil
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import msgspec
import structlog

from watchdog import telemetry
from watchdog.config.settings import Settings
from watchdog.config.web import Web
from watchdog.errors import UsageError
from watchdog.evidence.bundle import default_name, evidence
from watchdog.evidence.named import bundle_named
from watchdog.evidence.report import Wanted
from watchdog.evidence.whose import whose
from watchdog.redaction import Secrets, redact
from watchdog.service.bundle_job import Job, Outcome, decode
from watchdog.service.page_bundles import PAGE_BYTES, ROOM

NICE = 10
_SPARE = 512 * 1024 * 1024
"""Of the address space, for stacks and what is reserved and never used."""
_STACK = 1024 * 1024
_ERROR_MAX = 300

log = structlog.get_logger(__name__)


def main() -> None:
    """Do the one job."""
    job = _job(sys.stdin.buffer)
    settings, secrets = job.settings, Secrets(job.secrets)
    telemetry.configure(settings.log_format, settings.log_level, secrets=secrets)
    _bound(settings.web)
    threading.stack_size(_STACK)
    threading.Thread(target=_end_with_service, args=(job.folder,), daemon=True).start()
    outcome = _outcome(job, settings, secrets)
    sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")
    sys.stdout.flush()
    os._exit(0)  # threads that still wait for a network hold nobody up


def _job(stream: BinaryIO) -> Job:
    size = int.from_bytes(stream.read(8), "big")
    return decode(stream.read(size))


def _outcome(job: Job, settings: Settings, secrets: Secrets) -> Outcome:
    try:
        return Outcome(path=str(asyncio.run(_write(job, settings, secrets))))
    except UsageError as error:
        return Outcome(error=redact(str(error), secrets)[:_ERROR_MAX])
    except MemoryError:
        return Outcome(error="it takes more memory than it may (web.evidence_memory)")
    except Exception as error:  # noqa: BLE001 - by its kind; its text may hold anything
        # no traceback: its values may hold anything
        log.error("evidence_process_failed", error=type(error).__name__)  # noqa: TRY400
        return Outcome(error=f"an internal error ({type(error).__name__})")


async def _write(job: Job, settings: Settings, secrets: Secrets) -> Path:
    path = Path(job.folder) / f"{default_name(job.eval_set_id, job.now)}.tar.gz"
    wanted = Wanted(store=settings.evidence_store, live=job.live)
    eval_set = whose(job.eval_set_id, settings, job.live)
    bundle = bundle_named(eval_set.name, filter(eval_set.is_in, settings.logs))
    arguments = (job.eval_set_id, settings, job.now, path, PAGE_BYTES, wanted, secrets, bundle)
    return (await evidence(*arguments)).path


def _bound(bounds: Web) -> None:
    """Behind the service's own watch, which sees what is used a few times a second."""
    os.nice(NICE)
    seconds = max(1, round(bounds.evidence_timeout))
    for limit, value in (
        (resource.RLIMIT_DATA, bounds.evidence_memory + _SPARE),
        (resource.RLIMIT_FSIZE, ROOM),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        _, most = resource.getrlimit(limit)
        bound = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(limit, (bound, most))


def _end_with_service(folder: str) -> None:
    sys.stdin.buffer.read(1)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main()
