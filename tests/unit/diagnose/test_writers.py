"""A log whose process on this machine is gone: a fact, told at once; one that is there is none."""

import pytest

from tests.builders.rows import SET, key, state
from tests.builders.words import read
from watchdog.diagnose.judge import judge
from watchdog.model.facts import (
    EndedRead,
    Listing,
    LogStatus,
    ManifestRead,
    Row,
    RowsRead,
    SampleSummary,
    SpecRead,
    TaskRead,
    TaskSpec,
    TaskUnreadable,
    WriterProcess,
    WriterRead,
)
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause, Verdict

LOG = "2026_t_AbCdEfGh.eval"
GONE = WriterProcess(4711, gone=True, last_written_at=1000.0)
ALIVE = WriterProcess(4711, gone=False, last_written_at=1000.0)
SPEC = TaskSpec("t", "AbCdEfGh", "openai/m", 900.0, 2)
RUNNING = SampleSummary(key(), "u1", 950.0)
CALL = Row(1, "e1", "model", at=990.0, pending=True, final=False, name="openai/m")


def judged(
    *writers: WriterProcess | None,
    status: LogStatus = "started",
    samples: tuple[SampleSummary, ...] = (RUNNING,),
    now: float = 1010.0,
    read: bool = True,
) -> EvalSetJudgment:
    facts = [Listing(SET, (LOG,)), SpecRead(SET, LOG, SPEC, status)]
    facts += [WriterRead(SET, LOG, writer) for writer in writers]
    if read:
        facts += [ManifestRead(SET, LOG, samples), RowsRead(SET, LOG, key(), (CALL,))]
        facts.append(TaskRead(SET, LOG, now))
    else:
        facts.append(TaskUnreadable(SET, LOG, now, "its database can't be read"))
    (judgment,) = judge((state(facts),), now, Thresholds(), 60.0)
    return judgment


def texts(judgment: EvalSetJudgment) -> str:
    (task,) = judgment.tasks
    own = (*task.evidence, *(e for sample in task.samples for e in sample.evidence))
    return "\n".join(read(evidence.text) for evidence in own)


def test_a_dead_process_is_told_at_once():
    judgment = judged(GONE)
    assert (judgment.verdict, judgment.cause) == (Verdict.STUCK, Cause.RUNNER_GONE)
    assert judgment.since == 1000.0
    assert "process 4711 of this machine, which wrote it, is gone" in texts(judgment)


def test_also_where_nothing_ran_when_it_died():
    judgment = judged(GONE, samples=())
    assert (judgment.verdict, judgment.cause) == (Verdict.STUCK, Cause.RUNNER_GONE)
    assert judgment.since is not None


def test_also_where_what_it_left_can_not_be_read():
    judgment = judged(GONE, read=False)
    assert (judgment.verdict, judgment.cause) == (Verdict.STUCK, Cause.RUNNER_GONE)


@pytest.mark.parametrize("writers", [(), (None,), (ALIVE,), (GONE, None), (GONE, ALIVE)])
def test_what_is_there_or_is_not_known_tells_nothing(writers):
    judgment = judged(*writers)
    assert judgment.verdict is Verdict.STARTING
    assert "4711" not in texts(judgment)


@pytest.mark.parametrize("status", ["success", "error", "cancelled"])
def test_a_process_ends_with_its_log(status):
    judgment = judged(GONE, status=status)
    assert (judgment.verdict, judgment.cause) == (Verdict.FINISHED, None)


def test_of_several_logs_only_its_own_is_left():
    other = "2026_u_ZbCdEfGh.eval"
    facts = [Listing(SET, (LOG, other))]
    for log, writer in ((LOG, GONE), (other, ALIVE)):
        facts += [SpecRead(SET, log, SPEC, "started"), WriterRead(SET, log, writer)]
        facts += [ManifestRead(SET, log, (RUNNING,)), RowsRead(SET, log, key(), (CALL,))]
        facts.append(TaskRead(SET, log, 1010.0))
    (judgment,) = judge((state(facts),), 1010.0, Thresholds(), 60.0)
    assert judgment.verdict is Verdict.PARTIALLY_STUCK
    assert [task.verdict for task in judgment.tasks] == [Verdict.STUCK, Verdict.STARTING]


def test_it_is_never_stuck_since_a_time_to_come():
    """As of an instant before the process died, nothing is known of it."""
    judgment = judged(GONE, now=995.0)
    assert judgment.since is None or judgment.since <= 995.0


def test_samples_that_have_ended_stay_so():
    facts = [Listing(SET, (LOG,)), SpecRead(SET, LOG, SPEC, "started")]
    done = SampleSummary(key("2"), "u2", 950.0, 960.0, completed=True)
    facts += [EndedRead(SET, LOG, (done,)), WriterRead(SET, LOG, GONE)]
    facts += [ManifestRead(SET, LOG, (RUNNING,)), TaskRead(SET, LOG, 1010.0)]
    (judgment,) = judge((state(facts),), 1010.0, Thresholds(), 60.0)
    counts = judgment.tasks[0].counts
    assert (counts.completed, counts.running, counts.stuck) == (1, 1, 1)
