"""The source for one target: all eval sets in a store, or one."""

import asyncio
import time
from collections.abc import Awaitable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from watchdog.collect.absence import PROVES, words
from watchdog.collect.faults import FAULT, Faults
from watchdog.collect.inspect.absent import AbsentEvalSets
from watchdog.collect.inspect.attempts import Attempts
from watchdog.collect.inspect.folders import Tree, beyond_text, is_within, walk
from watchdog.collect.inspect.former import FormerAttempts
from watchdog.collect.inspect.histories import problems, read_histories
from watchdog.collect.inspect.interactions import Interactions
from watchdog.collect.inspect.listings import Activity, Listings
from watchdog.collect.inspect.model_access import ModelAccess
from watchdog.collect.inspect.naming import (
    SUFFIX,
    LogFile,
    is_json,
    is_log,
    log_file,
    with_barred,
)
from watchdog.collect.inspect.own_name import OwnName
from watchdog.collect.inspect.positions import EvalSetPosition
from watchdog.collect.inspect.task_log import Outcome, TaskLog
from watchdog.collect.inspect.task_reads import TaskReads
from watchdog.collect.inspect.turns import RhythmOptions, Turns
from watchdog.collect.limits import LOGS, MEMBER_BYTES
from watchdog.collect.place import Place
from watchdog.collect.source import NOBODY, Emit, Names, PollResult, Recall, Resumed
from watchdog.collect.stores.objects import FileMeta, Folder, Store, StoreError, join
from watchdog.collect.values import printable
from watchdog.collect.work.account import Account, PollLimits
from watchdog.collect.work.jobs import batched
from watchdog.collect.work.pace import pace
from watchdog.collect.work.worker import worker
from watchdog.model.facts import EvalSetUnreadable, Listing, Located, TaskUnreadable
from watchdog.model.instants import latest
from watchdog.model.verdict import Problem

MISSING = "missing"
"""The reason of a listing without what was there, which proves nothing: a metric's label."""
MARKS = frozenset({".eval-set-id", "eval-set.json", "logs.json", ".models.json"})
"""Files that Hawk and Inspect put into an eval set's folder before any log is there."""
BUFFERS = ".buffer"
PROBLEMS_MAX = 200
"""Problems of one listing beyond which no more of what is left out is named."""
AT_ONCE = 200
"""Eval sets that are looked at in one turn of the loop."""


class LogsOptions(Struct, frozen=True):
    """How a store is polled. Times in seconds."""

    listing_interval: float = 120.0
    concurrency: int = 16
    """Logs read at once."""
    max_member_bytes: int = MEMBER_BYTES.value
    sqlite: bool = True
    """Whether to look for Inspect's database where a running log has no buffer beside it."""
    poll_limits: PollLimits = PollLimits()
    """What an eval set may use in one poll; for one look, all it wants."""
    newest_first: bool = False
    """Whether the newest rows of a long buffer are read first; the rest by `read_history`."""
    eval_set_id: str | None = None
    """Of logs in the root itself; without it the target's last part."""
    rhythm: RhythmOptions | None = None
    """How tasks in a bucket get a rhythm of their own; without it all are read at each poll."""


class LogsSource:
    """Implements `Source` over a store."""

    def __init__(self, store: Store, options: LogsOptions, name: str = "store") -> None:
        self._store = store
        self._options = options
        self._name = name
        self._own_id = options.eval_set_id or last_part(store.target)
        self._tasks: dict[str, dict[str, TaskLog]] = {}
        self._poll_began: float | None = None
        self._passed_over: dict[str, dict[str, TaskLog]] = {}
        self._barred: dict[str, dict[str, str]] = {}
        """By eval set, logs that count and may not be read, each with the reason."""
        self._interactions: dict[str, Interactions] = {}
        self._model_access: dict[str, ModelAccess] = {}
        self._own_names: dict[str, OwnName] = {}
        self._former: dict[str, FormerAttempts] = {}
        self._attempts: dict[str, Attempts] = {}
        self._absent = AbsentEvalSets(self._own_id)
        self._was_occupied = False
        self._faults = Faults(name)
        self._faulty: dict[str, str] = {}
        """Eval sets that a fault of the program keeps from being read, in this life."""
        self._listed_at: float | None = None
        self._listing = Outcome()
        self._complete = True
        self._found: frozenset[str] | None = None
        self._recall: Recall = lambda _name: None
        self._unmet: set[str] = set()
        """Eval sets that ran in an earlier life of the service, and weren't listed in this one."""
        # on this machine a read costs next to nothing
        is_local = store.local_path("") is not None
        self._turns = Turns(None if is_local else options.rhythm)
        self._listings = Listings(store, options.listing_interval, self._activity)
        self._reads = TaskReads(
            self._turns, options.concurrency, options.poll_limits, self._faults, self._wake_folder
        )
        self._polled_at = 0.0
        self._told_at: float | None = None

    @property
    def name(self) -> str:
        """The source's name in metrics."""
        return self._name

    @property
    def settled(self) -> bool:
        """Whether the last listing was complete, and all logs in it are finished."""
        finished = all(map(self._is_finished, self._tasks))
        return self._complete and self._listed_at is not None and finished

    async def aclose(self) -> None:
        """Release the store's connections, and the worker process."""
        await worker().release()
        await self._store.aclose()

    def place_of(self, eval_set_id: str, log: str) -> Place | None:
        """Where a log is that is followed."""
        task = self._tasks.get(eval_set_id, {}).get(log)
        return task.place if task is not None else None

    def position(self, eval_set_id: str) -> EvalSetPosition | None:
        """How far an eval set's logs were read; None where nobody can go on from there."""
        if eval_set_id not in self._tasks:
            return None  # not listed yet: what an earlier life left still counts
        positions = {name: task.position for name, task in self._tasks[eval_set_id].items()}
        tasks = {name: position for name, position in positions.items() if position is not None}
        return EvalSetPosition(tasks) if len(tasks) == len(positions) else None

    def resume_from(self, recall: Recall, running: Names = NOBODY) -> None:
        """Ask for what is left of each eval set when it is first listed."""
        self._recall = recall
        self._unmet = set(running)
        self._absent.remember(running)

    async def poll(self, now: float, emit: Emit) -> PollResult:
        """List where it is time to, then read all logs at once."""
        began = self._poll_began if self._poll_began is not None else time.monotonic()
        self._polled_at = self._listings.now = now
        listed = self._listing_due(now)
        if listed:
            await self._list(now, emit)
        elif self._telling_due(now):
            self._told_at = now
            self._tell_logs(self._own_id, emit)
        self._was_occupied |= bool(self._tasks or self._unmet)
        outcomes = await self._poll_all(now, emit, began)
        if any(outcome.gone for outcome in outcomes):
            self._listed_at = None  # something has gone: see at the next poll what is there now
        failures = self._listing.failures if listed else ()
        return PollResult(
            self._all_problems(outcomes),
            failures + tuple(one for out in outcomes for one in out.failures),
            self._complete,
            watched=self._found,
            listed=listed,
            occupied=self._was_occupied and not self._absent.root_is_lost,
            unfinished=any(outcome.unfinished for outcome in outcomes)
            or bool(self._reads.late.count),
            late=self._reads.late.count,
            lag=self._reads.late.seconds,
        )

    async def read_history(self, emit: Emit, until: float) -> None:
        """Read on in long histories, between two polls, until then (`time.monotonic`)."""
        await read_histories(self.all_tasks(), emit, until)

    def all_tasks(self) -> list[TaskLog]:
        """The logs that are followed."""
        return [task for logs in self._tasks.values() for task in logs.values()]

    def _all_problems(self, outcomes: Iterable[Outcome]) -> tuple[Problem, ...]:
        """Those that stand: of the listing, of each task, and that not all was read."""
        stand = (
            *self._listing.problems,
            *(p for out in outcomes for p in out.problems),
            *problems(self.all_tasks(), self._store.target),
        )
        # many eval sets of one store have one word for all of them, whoever joins them says it
        if not self._reads.late.count or self._options.eval_set_id is not None:
            return stand
        return (*stand, Problem(self._store.target, self._reads.late.text))

    def _listing_due(self, now: float) -> bool:
        if self._listed_at is None or not self._complete:
            return True
        if self._absent.counting:
            return True
        if self._options.eval_set_id is not None and self._turns.has_rhythm:
            return self._listings.is_due("", now)
        return not 0 <= now - self._listed_at < self._options.listing_interval

    def _telling_due(self, now: float) -> bool:
        """Whether the one eval set that is asked for is listed less often than is told of it."""
        if self._options.eval_set_id is None or not self._turns.has_rhythm:
            return False
        told_at = latest(self._listed_at, self._told_at)
        return told_at is not None and now - told_at >= self._options.listing_interval

    def _activity(self, path: str) -> Activity | None:
        """What is known of the eval set in a folder; None where it is listed each time."""
        name = path or self._own_id
        tasks = self._tasks.get(name)
        if not tasks or not self._turns.has_rhythm or self._absent.counting:
            return None
        running = [task for task in tasks.values() if not task.finished]
        suspicious = self._turns.is_suspicious(running, self._listings.now)
        return Activity(bool(running), suspicious)

    @property
    def _known(self) -> set[str]:
        """Eval sets that were there before."""
        return self._tasks.keys() | self._unmet

    @property
    def count(self) -> int:
        """Logs that are followed."""
        return sum(len(logs) for logs in self._tasks.values())

    def is_suspicious(self, now: float) -> bool:
        """Whether the verdict of one of its tasks may turn; without a rhythm always."""
        return not self._turns.has_rhythm or self._turns.is_suspicious(self._unfinished(), now)

    def is_urgent(self, now: float) -> bool:
        """Whether one of its tasks goes before others where a poll doesn't come to all."""
        return not self._turns.has_rhythm or self._turns.is_urgent(self._unfinished(), now)

    def _unfinished(self) -> Iterator[TaskLog]:
        return (log for log in self.all_tasks() if not log.finished)

    def wake(self, task: str | None = None) -> None:
        """Something else told of news: the next poll reads its logs, whatever their rhythm.

        Args:
            task: the name of the task that it is about; None for all, and for what is to come.
        """
        for name, logs in self._tasks.items():
            for log in logs.values():
                if (task is None or log.spec is None or log.spec.task == task) and not log.finished:
                    log.pulse.wake(self._polled_at)
            if task is None:
                self._listings.wake(self._folder_of(name))

    def _folder_of(self, eval_set_id: str) -> str:
        return "" if eval_set_id == self._own_id else eval_set_id

    @property
    def spent(self) -> float:
        """Seconds of CPU that the last poll took."""
        return self._reads.spent

    @property
    def late_since(self) -> float | None:
        """When the one was due that waits longest of those that the last poll did not come to."""
        return self._reads.late.since

    def poll_began(self, at: float) -> None:
        """The poll that it is part of began then (`time.monotonic`): that one's time is bounded."""
        self._poll_began = at

    async def _poll_all(self, now: float, emit: Emit, began: float) -> list[Outcome]:
        present = {name: logs for name, logs in self._tasks.items() if name not in self._absent}
        running = self._running()
        looked_at: set[str] = set()

        def beside(eval_sets: set[str]) -> list[Awaitable[Outcome]]:
            looked_at.update(n for n in running if n in eval_sets and self._is_asked(n, now))
            return [self._poll_interactions(name, now, emit) for name in sorted(looked_at)]

        is_part = self._poll_began is not None
        outcomes = await self._reads.poll(present, beside, now, emit, began, is_part=is_part)
        for names in batched(self._running(), AT_ONCE):
            await asyncio.gather(*(self._poll_former(name, emit) for name in names))
        standing = (self._interactions[name].standing for name in running if name not in looked_at)
        return [*outcomes, *(Outcome(tuple(f.problem for f in failures)) for failures in standing)]

    def _wake_folder(self, task: TaskLog) -> None:
        """A log was finished, or is gone: the next one may begin now."""
        self._listings.wake(self._folder_of(task.place.eval_set_id))

    def _account(self, eval_set_id: str) -> Account:
        return self._reads.account(eval_set_id)

    async def _poll_former(self, eval_set_id: str, emit: Emit) -> None:
        tasks = self._tasks[eval_set_id].items()
        specs = {n: task.spec for n, task in tasks if task.spec is not None and not task.finished}
        await self._former[eval_set_id].poll(specs, emit)

    def _running(self) -> list[str]:
        """Eval sets with a log that isn't finished, as far as is known."""
        return [
            name
            for name, logs in self._tasks.items()
            if name not in self._absent and any(not task.finished for task in logs.values())
        ]

    def _is_asked(self, eval_set_id: str, now: float) -> bool:
        logs = [log for log in self._tasks[eval_set_id].values() if not log.finished]
        return self._turns.is_due_beside(self._interactions[eval_set_id].pulse, logs, now)

    async def _poll_interactions(self, eval_set_id: str, now: float, emit: Emit) -> Outcome:
        interactions = self._interactions[eval_set_id]
        failures = await interactions.poll(emit)
        interactions.pulse.read_at = now if not failures else None
        return Outcome(tuple(f.problem for f in failures), tuple(f.reason for f in failures))

    async def _list(self, now: float, emit: Emit) -> None:
        self._listing, self._complete, self._found = Outcome(), True, None
        try:
            root = await self._store.list_dir()
        except StoreError as error:
            self._complete = False
            self._unreadable(self._known or {self._own_id}, error, now, emit)
            return
        self._complete, self._listed_at = False, None  # as long as it isn't taken to its end
        await self._take_root(root, now, emit)
        if not self._listing.failures:
            self._listed_at = now  # else: see at the next poll whether it can be listed again

    async def _take_root(self, root: Folder, now: float, emit: Emit) -> None:
        eval_set_ids: set[str] = set()
        await self._listings.take("", root)
        self._note_left_out("", root)
        if self._is_own(root) and await self._take("", self._own_id, root, emit):
            eval_set_ids.add(self._own_id)
        tree = await self._walk(root)
        for path, folder in tree.folders.items():
            self._note_left_out(path, folder)
            if not is_eval_set(folder):
                continue
            if path in eval_set_ids:
                self._note(Problem(join(self._store.target, path), "two eval sets of one name"))
            elif await self._taken_apart(path, folder, emit):
                eval_set_ids.add(path)
        self._listings.keep(("", *tree.folders))
        eval_set_ids |= self._unseen(tree, now, emit)
        eval_set_ids |= self._not_gone(eval_set_ids, root, tree, now, emit)
        self._gone(eval_set_ids, emit)
        self._found = None if self._listing.failures else frozenset(eval_set_ids)
        self._note_missing()

    def _not_gone(
        self, eval_set_ids: set[str], root: Folder, tree: Tree, now: float, emit: Emit
    ) -> set[str]:
        """The eval sets that aren't listed, and not gone for that: nothing of them is read."""
        self._unmet -= eval_set_ids
        names = self._known - eval_set_ids
        folders = {"": root, **tree.folders}
        self._absent.begin(eval_set_ids, folders)
        gone = self._absent.listed(names, folders, now, self._is_finished, tree.hides)
        self._unmet -= gone
        for name in sorted(names - gone):
            absence = self._absent.absences[name]
            if not (absence.proof in PROVES and self._is_finished(name)):
                emit(EvalSetUnreadable(name, now, words(absence)))
        return set(names - gone)

    def _note_missing(self) -> None:
        """Where nothing is left of what was there, the listing tells of nothing else either."""
        if text := self._absent.missing_text():
            self._note(Problem(self._store.target, text), MISSING)
        self._complete = not self._absent.root_is_lost or self._options.eval_set_id is not None

    def _is_finished(self, eval_set_id: str) -> bool:
        """Whether nothing of it ran any more when it was last read."""
        if eval_set_id not in self._tasks:
            return False
        logs = self._tasks[eval_set_id].values()
        return not self._barred[eval_set_id] and all(task.finished for task in logs)

    def _is_own(self, root: Folder) -> bool:
        return self._options.eval_set_id is not None or is_eval_set(root)

    async def _walk(self, root: Folder) -> Tree:
        """What lies below the root, where it isn't itself the one eval set that is asked for."""
        if self._options.eval_set_id is not None:
            return Tree()
        return await walk(self._listings.list_dir, root)

    async def _taken_apart(self, path: str, folder: Folder, emit: Emit) -> bool:
        """As `_taken`; a fault of the program in one eval set costs the others nothing.

        One that was never met stays a problem: what was half taken of it is not read on.
        """
        is_known, text = path in self._tasks, self._faulty.get(path)
        if text is None:
            try:
                return await self._taken(path, folder, emit)
            except Exception as error:  # noqa: BLE001
                text = self._faults.note(error)
        if not is_known:
            self._tasks.pop(path, None)
            self._faulty[path] = text
        self._note(Problem(join(self._store.target, path), text), FAULT)
        return is_known

    async def _taken(self, path: str, folder: Folder, emit: Emit) -> bool:
        """Follow the logs of a folder below the root; one that wasn't listed anew is as it was."""
        if not self._listings.is_fresh(path):
            for problem in self._listings.problems(path):
                self._note(problem)
            self._tell_logs(path, emit)
            return path in self._tasks
        before = len(self._listing.problems)
        taken = await self._take(path, path, folder, emit)
        self._listings.note(path, self._listing.problems[before:])
        return taken

    def _tell_logs(self, eval_set_id: str, emit: Emit) -> None:
        """It is there, with the logs that it had: what could not be seen for a while can be."""
        if eval_set_id in self._tasks and eval_set_id not in self._absent:
            self._emit_logs(eval_set_id, emit)

    def _emit_logs(self, eval_set_id: str, emit: Emit) -> None:
        barred = self._barred[eval_set_id]
        emit(Listing(eval_set_id, (*self._tasks[eval_set_id], *barred)))
        for name, why in barred.items():
            emit(TaskUnreadable(eval_set_id, name, self._polled_at, f"left out: {why}"))

    def _unseen(self, tree: Tree, now: float, emit: Emit) -> set[str]:
        """The eval sets that lie where nothing could be listed: they aren't gone for that."""
        unseen = {name for name in self._known if tree.hides(name)}
        for path, error in tree.failed.items():
            names = {name for name in unseen if is_within(name, path)}
            if "/" not in path:
                names = names or {path}
                unseen |= names
            if names or error.reason != "forbidden":
                self._unreadable(sorted(names), error, now, emit)
            else:
                self._note(Problem(self._store.target, error.text))
        if tree.beyond:
            self._note(Problem(self._store.target, beyond_text(tree.beyond)))
        return unseen

    async def _take(self, folder: str, eval_set_id: str, listing: Folder, emit: Emit) -> bool:
        """Follow the logs of a folder; False where what looked like some are none."""
        passed_over = self._passed_over.get(eval_set_id, {})
        before = self._tasks.get(eval_set_id, {})
        earlier = passed_over | before
        account, files, tasks = self._account(eval_set_id), [], {}
        left = self._recall(eval_set_id) if eval_set_id not in self._tasks else None
        for file in self._newest(folder, listing):
            await pace().breathe(account)
            files.append(log_file(file))
            task = earlier.get(file.name)
            if task is None:
                task = TaskLog(self._place(folder, eval_set_id, file.name), account)
                await self._resume(task, left)
            task.listed(file)
            tasks[file.name] = task
        files = await self._without_others(folder, files, tasks)
        is_new = self._options.eval_set_id is not None and not before and not self._unmet
        if not files and not (is_marked(listing) or is_new):
            return False
        files = await self._identified(files, tasks)
        folders = ((name, "a folder, no regular file") for name in listing.folders)
        logs, barred = with_barred(files, (*listing.left_out, *folders))
        self._tasks[eval_set_id] = {log.file.name: tasks[log.file.name] for log in logs}
        self._barred[eval_set_id] = barred
        account.forget(self._tasks[eval_set_id])
        await pace().breathe(account)
        # what was followed once and is no longer begins anew if it is chosen again
        self._passed_over[eval_set_id] = {
            name: task
            for name, task in tasks.items()
            if name not in self._tasks[eval_set_id] and name not in before
        }
        if eval_set_id not in self._interactions:
            self._interactions[eval_set_id] = Interactions(self._store, folder, eval_set_id)
        self._interactions[eval_set_id].listed(listing)
        await self._read_access(folder, eval_set_id, listing, emit)
        if self._store.local_path("") is not None:  # in a bucket it costs a request, and is Hawk's
            own = OwnName(self._store, folder, eval_set_id)
            await self._own_names.setdefault(eval_set_id, own).listed(listing, emit)
        await pace().breathe(account)
        former = self._former.setdefault(eval_set_id, FormerAttempts())
        former.listed(files, {log.file.name: tasks[log.file.name].place for log in logs})
        self._emit_logs(eval_set_id, emit)
        for attempts in await self._attempts_of(folder, eval_set_id).read(files, logs):
            emit(attempts)
        emit(self._located(folder, eval_set_id))
        return True

    @staticmethod
    async def _resume(task: TaskLog, left: Resumed | None) -> None:
        """Go on with a log of which something is left."""
        log = task.place.log
        if left is not None and log in left.position.tasks and log in left.state.tasks:
            await task.resume(left.position.tasks[log], left.state.tasks[log])

    async def _read_access(
        self, folder: str, eval_set_id: str, listing: Folder, emit: Emit
    ) -> None:
        """Who may see it: before anything of it is shown."""
        if eval_set_id not in self._model_access:
            self._model_access[eval_set_id] = ModelAccess(self._store, folder, eval_set_id)
        problem = await self._model_access[eval_set_id].listed(listing, emit)
        if problem is not None:
            self._note(problem)

    def _newest(self, folder: str, listing: Folder) -> list[FileMeta]:
        """The logs of a folder, as many as are read: those that were written last."""
        logs = [file for file in listing.files if is_log(file.name)]
        if len(logs) > LOGS.value:
            text = f"{LOGS.text(len(logs))}: the oldest are not watched"
            self._note(Problem(join(self._store.target, folder), text))
            logs = sorted(logs, key=lambda file: -file.mtime)[: LOGS.value]
        return sorted(logs, key=lambda file: file.name)

    async def _without_others(
        self, folder: str, files: list[LogFile], tasks: dict[str, TaskLog]
    ) -> list[LogFile]:
        """Without the files in JSON that are named like logs and are none."""
        unread = [tasks[f.file.name] for f in files if is_json(f.file.name)]
        await asyncio.gather(*(task.identify() for task in unread if task.spec is None))
        for file in files:
            if tasks[file.file.name].is_other:
                path = join(self._store.target, join(folder, file.file.name))
                self._note(Problem(path, "named like a log of Inspect's in JSON, and it is none"))
        return [file for file in files if not tasks[file.file.name].is_other]

    def _attempts_of(self, folder: str, eval_set_id: str) -> Attempts:
        if eval_set_id not in self._attempts:
            limit = self._options.max_member_bytes
            self._attempts[eval_set_id] = Attempts(self._store, folder, eval_set_id, limit)
        return self._attempts[eval_set_id]

    def _located(self, folder: str, eval_set_id: str) -> Located:
        target = self._store.target
        address = join(target, folder) if folder else target
        local = self._store.local_path("") is not None
        return Located(eval_set_id, address, address, local)

    async def _identified(self, logs: list[LogFile], tasks: dict[str, TaskLog]) -> list[LogFile]:
        odd = [tasks[log.file.name] for log in logs if log.task_id is None]
        await asyncio.gather(*(task.identify() for task in odd if task.spec is None))
        return [_identify(log, tasks[log.file.name]) for log in logs]

    def _place(self, folder: str, eval_set_id: str, log: str) -> Place:
        options = self._options
        return Place(
            self._store,
            folder,
            eval_set_id,
            log,
            options.max_member_bytes,
            options.sqlite,
            options.newest_first,
        )

    def _gone(self, eval_set_ids: set[str], emit: Emit) -> None:
        for eval_set_id in set(self._tasks) - eval_set_ids:
            del self._tasks[eval_set_id], self._interactions[eval_set_id]
            del self._former[eval_set_id], self._model_access[eval_set_id]
            self._reads.forget(eval_set_id)
            self._passed_over.pop(eval_set_id, None)
            self._barred.pop(eval_set_id, None)
            self._attempts.pop(eval_set_id, None)
            self._own_names.pop(eval_set_id, None)
            emit(Listing(eval_set_id, ()))
        if not eval_set_ids:
            self._note(Problem(self._store.target, "no eval set and no .eval log in it"))

    def _unreadable(
        self, eval_sets: Iterable[str], error: StoreError, now: float, emit: Emit
    ) -> None:
        for eval_set_id in eval_sets:
            emit(EvalSetUnreadable(eval_set_id, now, error.text))
        self._note(Problem(self._store.target, error.text), error.reason)

    def _note_left_out(self, path: str, folder: Folder) -> None:
        """Name what a folder holds and is not read, as far as it may have mattered."""
        for name, why in folder.left_out:
            if len(self._listing.problems) < PROBLEMS_MAX:
                where = join(self._store.target, join(path, name)) if name else path
                self._note(Problem(printable(where), f"left out: {why}"))

    def _note(self, problem: Problem, *failures: str) -> None:
        before = self._listing
        self._listing = Outcome((*before.problems, problem), before.failures + failures)


def is_eval_set(folder: Folder) -> bool:
    """Whether a folder holds logs, or what is there before the first of them."""
    return is_marked(folder) or any(is_json(file.name) for file in folder.files)


def is_marked(folder: Folder) -> bool:
    """The same, where a file in JSON that is named like a log doesn't count."""
    return BUFFERS in folder.folders or any(
        file.name.endswith(SUFFIX) or file.name in MARKS for file in folder.files
    )


def last_part(target: str) -> str:
    """The last part of a path or URL."""
    if target.startswith("s3://"):
        return target.rstrip("/").rpartition("/")[2]
    return Path(target).resolve().name or "logs"


def named_by_path(target: str, eval_set_id: str) -> str:
    """The id by which a target knows its own logs, where the id that is given is its path's end.

    An eval set some folders below a root is called by its path from there (`team/a/run`), and
    commands that people are told to type name its own folder: they need not list the whole root.
    """
    is_its_own = f"/{target.rstrip('/')}".endswith(f"/{eval_set_id}")
    return last_part(target) if is_its_own and eval_set_id else eval_set_id


def _identify(log: LogFile, task: TaskLog) -> LogFile:
    spec = task.spec
    if log.task_id is not None or spec is None:
        return log
    return LogFile(log.file, spec.task_id or None, spec.created_at, log.recovered)
