"""`.eval` files, read by ranges: what the task is, how it stands, which samples have ended.

Format: a zip, inspect_ai 0.3.285 `log/_recorders/eval.py`. While a task runs, `_journal/start.json`
and `_journal/summaries/N.json` (each new at a flush, none ever changed); once it has finished,
`header.json` and `summaries.json`. The whole object is written anew at each flush, so reads are
pinned to one version by its etag.
"""

import asyncio
import re
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any, TypeVar, cast, get_args

from msgspec import Struct, structs

from watchdog.collect.inspect.approval import approver_policies
from watchdog.collect.inspect.buffers import CorruptManifest, TooMany, error_line
from watchdog.collect.inspect.connections import connections
from watchdog.collect.inspect.memory import Ranges
from watchdog.collect.inspect.metadata import allowance
from watchdog.collect.inspect.positions import LogPosition
from watchdog.collect.json_bounds import fields_of
from watchdog.collect.limits import JOURNAL_PARTS, LOG_CONTENT, SAMPLES, Beyond, some
from watchdog.collect.stores.objects import Got, NotModified, Store, StoreError
from watchdog.collect.stores.zip_members import (
    CorruptZip,
    Directory,
    TooLarge,
    fetch_directory,
    fetch_member,
)
from watchdog.collect.values import count, duration, instant, name, number, whole
from watchdog.collect.work.account import Account
from watchdog.collect.work.limits import INLINE_BYTES
from watchdog.collect.work.reading import read_summaries
from watchdog.model.facts import EndedRead, LogStatus, RoleModel, SampleSummary, SpecRead, TaskSpec
from watchdog.model.inspect_versions import LOG_FORMAT

T = TypeVar("T")

HEADER = "header.json"
START = "_journal/start.json"
SUMMARIES = "summaries.json"
JOURNAL = re.compile(r"_journal/summaries/(\d{1,9})\.json")
VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?!\d)", re.ASCII)
TAIL = 64 * 1024
"""Bytes read first: enough for the directory of some hundreds of samples and the last flush."""
FIELDS = ("version", "status", "eval", "error", "stats")
"""What is read of a log's header, or of its start."""
STATUSES = frozenset(get_args(LogStatus))
ROLES_MAX = 32
CONNECTION_KEYS = ("max_connections", "adaptive_connections")
ATTEMPTS = 3
"""Times that a read starts again because the object was replaced meanwhile."""


class LogFacts(Struct, frozen=True):
    """What a read of a log found. `ended` holds only summaries that were not read before."""

    spec: SpecRead
    ended: EndedRead | None = None


class EvalLog:
    """One `.eval` file and what was read of it already."""

    def __init__(  # noqa: PLR0913, PLR0917 - where it is, and who pays for it
        self,
        store: Store,
        path: str,
        eval_set_id: str,
        log: str,
        limit: int,
        account: Account | None = None,
    ) -> None:
        self._account = account or Account()
        self._store = store
        self._path = path
        self._eval_set_id = eval_set_id
        self._log = log
        self._limit = limit
        self._etag: str | None = None
        self._journal_read = Ranges()
        self._broken: StoreError | None = None
        self._start: tuple[int, SpecRead] | None = None
        self.spec: SpecRead | None = None
        self.stored_at: float | None = None
        """When the version that was read last was stored."""
        self.bad: tuple[str, ...] = ()
        """A text for each summary that is unreadable."""

    @property
    def finished(self) -> bool:
        """Whether the log says that its task ended."""
        return self.spec is not None and self.spec.status != "started"

    @property
    def etag(self) -> str | None:
        """The version that was read last."""
        return self._etag

    @property
    def position(self) -> LogPosition:
        """How far it was read; one that is broken is read anew."""
        if self._broken is not None or self.spec is None:
            return LogPosition()
        return LogPosition(self._etag, self._journal_read.bounds, self.stored_at, self.bad)

    def resume(self, position: LogPosition, spec: SpecRead) -> None:
        """Go on from there; `spec` is what was read of its task."""
        self._etag, self.stored_at = position.etag, position.stored_at
        self._journal_read = Ranges.within(position.journal)
        self.bad, self.spec = position.bad, spec

    async def refresh(self) -> LogFacts | None:
        """Read what is new; None where the file is unchanged.

        Raises:
            StoreError: it could not be read, `corrupt` where its bytes are no log. A corrupt file
                is not read again until it changes, but goes on raising.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._refresh()
            except StoreError as error:
                if error.reason != "changed":
                    raise
        return await self._refresh()

    async def _refresh(self) -> LogFacts | None:
        got = await self._store.get_tail(self._path, TAIL, self._etag)
        if isinstance(got, NotModified):
            if self._broken:
                raise self._broken
            return None
        return await self._read(got)

    async def _read(self, got: Got) -> LogFacts:
        self._broken = None
        try:
            version = _Version(self._store, self._path, got, self._limit, self._account)
            facts = await self._facts(version)
        except (CorruptZip, CorruptManifest) as error:
            self._etag = got.etag
            self._broken = StoreError("corrupt", f"{self._path}: {error}")
            raise self._broken from error
        self._etag, self.stored_at = got.etag, got.modified_at
        self.spec = facts.spec
        return facts

    async def _facts(self, version: "_Version") -> LogFacts:
        members = await version.directory()
        if HEADER in members:
            header = await version.json(HEADER)
            spec = self._spec_read(header, _object(header.get("eval")))
            ended = await self._all_ended(version, members)
            return LogFacts(uncounted(spec, self.bad), closed(spec.status, ended))
        if START not in members:
            raise CorruptZip(f"neither {HEADER} nor {START} in it")
        spec = await self._start_of(version, members)
        ended = await self._new_ended(version, members)
        return LogFacts(uncounted(spec, self.bad), ended)

    async def _start_of(self, version: "_Version", members: Directory) -> SpecRead:
        checksum = members[START].checksum
        if self._start is None or self._start[0] != checksum:
            start = await version.json(START)
            begun = {"status": "started", "version": start.get("version")}
            self._start = checksum, self._spec_read(begun, _object(start.get("eval")))
        return self._start[1]

    def _spec_read(self, header: dict[str, Any], spec: dict[str, Any]) -> SpecRead:
        try:
            return spec_read(self._eval_set_id, self._log, header, spec)
        except ValueError as error:
            raise CorruptZip(f"{HEADER}: {error}") from error

    async def _all_ended(self, version: "_Version", members: Directory) -> EndedRead | None:
        if SUMMARIES not in members:
            return await self._new_ended(version, members)
        samples, self.bad = await version.summaries(SUMMARIES)
        return EndedRead(self._eval_set_id, self._log, samples)

    async def _new_ended(self, version: "_Version", members: Directory) -> EndedRead | None:
        matches = (JOURNAL.fullmatch(member) for member in members)
        parts = {int(match[1]) for match in matches if match}
        numbers = sorted(part for part in parts if part not in self._journal_read)
        samples: list[SampleSummary] = []
        bad: list[str] = []
        for part in numbers[: JOURNAL_PARTS.value]:
            if len(samples) > SAMPLES.value:
                break
            more, bad_ones = await version.summaries(f"_journal/summaries/{part}.json")
            samples += more
            bad += bad_ones
        if len(numbers) > JOURNAL_PARTS.value:
            bad.append(f"its journal has {JOURNAL_PARTS.text(len(numbers))}")
        if len(samples) > SAMPLES.value:
            bad.append(f"its journal has {SAMPLES.more}")
        self.bad = some([*self.bad, *bad])
        self._journal_read.update(numbers)
        ended = tuple(samples[: SAMPLES.value])
        return EndedRead(self._eval_set_id, self._log, ended) if ended else None


def spec_read(eval_set_id: str, log: str, header: dict[str, Any], spec: dict[str, Any]) -> SpecRead:
    """What a log's header and specification say.

    Raises:
        ValueError: its format is newer than is known, or its status is none.
    """
    version = whole(header.get("version"))
    if version is not None and version > LOG_FORMAT:
        raise ValueError(
            f"a log of format {version}, written by a newer Inspect than is known here; the newest "
            f"format that can be read is {LOG_FORMAT}"
        )
    status = header.get("status")
    if not isinstance(status, str) or status not in STATUSES:
        raise ValueError(f"status {str(status)[:40]!r}")
    return SpecRead(
        eval_set_id,
        log,
        spec=task_spec(spec),
        status=cast("LogStatus", status),
        error=error_line(_text(_object(header.get("error")).get("message"))),
        completed_at=instant(_object(header.get("stats")).get("completed_at")),
    )


def uncounted(read: SpecRead, bad: tuple[str, ...]) -> SpecRead:
    """Where not all that ended is known, how many are due isn't: they would seem to be queued."""
    if not bad:
        return read
    return structs.replace(read, spec=structs.replace(read.spec, total_samples=None))


def closed(status: LogStatus, ends: EndedRead | None) -> EndedRead | None:
    """Of a cancelled run, the samples that did not get to their end were cancelled."""
    if ends is None or status != "cancelled":
        return ends
    samples = (
        one if one.completed else structs.replace(one, cancelled=True) for one in ends.samples
    )
    return structs.replace(ends, samples=tuple(samples))


async def status_of(store: Store, path: str, limit: int) -> tuple[LogStatus, str | None]:
    """How a log's task ended, and the first line of its error: of its header only.

    Raises:
        StoreError: it could not be read, `corrupt` where its bytes are no log.
    """
    got = await store.get_tail(path, TAIL)
    if isinstance(got, NotModified):
        raise StoreError("other", f"{path}: unasked-for 304")
    version = _Version(store, path, got, limit)
    try:
        header = await version.json(HEADER) if HEADER in await version.directory() else {}
    except CorruptZip as error:
        raise StoreError("corrupt", f"{path}: {error}") from error
    status = header.get("status", "started")
    if status not in STATUSES:
        raise StoreError("corrupt", f"{path}: status {str(status)[:40]!r}")
    error_text = error_line(_text(_object(header.get("error")).get("message")))
    return cast("LogStatus", status), error_text


class _Version:
    """One version of a log: its end, and ranges of the same version."""

    def __init__(
        self, store: Store, path: str, got: Got, limit: int, account: Account | None = None
    ) -> None:
        self._account = account or Account()
        self._store = store
        self._path = path
        self._got = got
        self._limit = limit
        self._left = LOG_CONTENT.value
        self._members: Directory = {}

    async def directory(self) -> Directory:
        """The zip's members."""
        self._members = await fetch_directory(self._got.data, self._got.start, self._fetch)
        return self._members

    async def json(self, member: str) -> dict[str, Any]:
        """A member that holds a JSON object."""
        data = await self._content(member)
        try:
            return await _in_thread(partial(fields_of, names=FIELDS), data)
        except Beyond as error:
            raise CorruptZip(f"{member}: {error}") from error
        except ValueError as error:
            raise CorruptZip(f"{member}: not JSON: {str(error)[:120]}") from error

    async def summaries(self, member: str) -> tuple[tuple[SampleSummary, ...], tuple[str, ...]]:
        """A member that holds a list of summaries, and texts for what of it isn't read."""
        try:
            samples, bad = await read_summaries(await self._content(member), self._account)
        except (TooLarge, TooMany) as error:
            return (), (f"{member}: {error}",)
        except CorruptManifest as error:
            raise CorruptZip(f"{member}: {error}") from error
        return samples, tuple(f"{member}: {text}" for text in bad)

    async def _content(self, member: str) -> bytes | bytearray:
        self._left -= self._members[member].size
        if self._left < 0:
            raise TooLarge(f"with it the log holds {LOG_CONTENT.more}")
        return await fetch_member(self._members[member], self._limit, self._fetch)

    async def _fetch(self, start: int, end: int) -> bytes:
        got = self._got
        end = min(end, got.size)
        if start >= got.start:
            return got.data[start - got.start : end - got.start]
        if start >= end:
            return b""
        self._account.spend(size=end - start)
        return await self._store.get_range(self._path, start, end, got.etag)


async def _in_thread(work: Callable[[bytes | bytearray], T], data: bytes | bytearray) -> T:
    if len(data) <= INLINE_BYTES.value:
        return work(data)
    return await asyncio.to_thread(work, data)


def task_spec(spec: dict[str, Any]) -> TaskSpec:
    """An `EvalSpec` (`log/_log.py`) reduced to what is needed."""
    config = _object(spec.get("config"))
    generate = _object(spec.get("model_generate_config"))
    allowed, ignored = allowance(_object(spec.get("metadata")))
    version = _version(_object(spec.get("packages")).get("inspect_ai"))
    return TaskSpec(
        task=name(spec.get("task")) or "",
        task_id=name(spec.get("task_id")) or "",
        model=name(spec.get("model")) or "",
        created_at=instant(spec.get("created")),
        total_samples=total_samples(_object(spec.get("dataset")), config),
        max_samples=count(config.get("max_samples")),
        max_sandboxes=count(config.get("max_sandboxes")),
        connections=connections(generate, version),
        roles=_roles(_object(spec.get("model_roles")), version),
        max_retries=count(generate.get("max_retries")),
        retry_timeout=duration(generate.get("timeout")),
        time_limit=duration(config.get("time_limit")),
        working_limit=duration(config.get("working_limit")),
        waits_long=_waits_long(_object(spec.get("model_args")), generate),
        has_sandbox=spec.get("sandbox") is not None,
        eval_set_id=name(spec.get("eval_set_id")),
        allowance=allowed,
        ignored=ignored,
        inspect_version=version,
        message_limit=count(config.get("message_limit")),
        fail_on_error=_switch_or_bound(config.get("fail_on_error")),
        continue_on_fail=_switch(config.get("continue_on_fail")),
        run_id=name(spec.get("run_id")),
        approval=approver_policies(config.get("approval")),
    )


def _waits_long(model_args: dict[str, Any], generate: dict[str, Any]) -> bool:
    """Whether the usual time-out of a provider's client bounds no call of it.

    Source: inspect_ai 0.3.285, `model/_providers/openai.py`, `openai_responses.py`.
    """
    extra_body = _object(generate.get("extra_body"))
    asks = (model_args.get("background"), extra_body.get("background"))
    own = any(model_args.get(key) is not None for key in ("client_timeout", "timeout"))
    return own or any(map(bool, asks)) or generate.get("reasoning_mode") == "pro"


def _roles(roles: dict[str, Any], version: tuple[int, int, int] | None) -> tuple[RoleModel, ...]:
    """The models of `model_roles`; `{role: {"model", "config"}}`, at most `ROLES_MAX`."""
    models: dict[str, RoleModel] = {}
    for role in islice(roles.values(), ROLES_MAX):
        model, config = name(_object(role).get("model")), _object(_object(role).get("config"))
        own = any(config.get(key) is not None for key in CONNECTION_KEYS)
        if model:
            models[model] = RoleModel(model, connections(config, version) if own else None)
    return tuple(models.values())


def _version(value: object) -> tuple[int, int, int] | None:
    """The first three numbers of `0.3.285`, `0.3.286.dev4+g1a2b3c` and the like."""
    match = VERSION.match(value) if isinstance(value, str) else None
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _switch(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _switch_or_bound(value: object) -> bool | float | None:
    return value if isinstance(value, bool) else number(value)


def total_samples(dataset: dict[str, Any], config: dict[str, Any]) -> int | None:
    """Samples x epochs.

    `sample_ids` are those chosen by `limit` and `sample_id`; `samples` is the size of the whole
    data set, so that the limit is applied here where a log has no ids.
    """
    ids = dataset.get("sample_ids")
    given = count(dataset.get("samples"))
    samples = len(ids) if isinstance(ids, list) else _limited(given, config)
    epochs = count(config.get("epochs")) or 1
    return None if samples is None else count(samples * epochs)


def _limited(samples: int | None, config: dict[str, Any]) -> int | None:
    if samples is None:
        return None
    limit = config.get("limit")
    first, last = limit if isinstance(limit, list) and len(limit) == 2 else (0, limit)
    begin, end = whole(first) or 0, whole(last)
    return max(0, (samples if end is None else min(samples, end)) - begin)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
