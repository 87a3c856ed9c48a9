"""All limits on what is read from outside, in one table: docs/security.md is made from it.

A limit bounds memory or time before it is spent. What is beyond one is a problem that names the
place and the figures; what depends on it is `unknown`, and the rest is judged. They stand well
above what an honest large evaluation reaches: 10,000 samples a task, 5,000 events a sample,
conversations of 10 MB, attachments of 100 MB.
"""

from typing import NamedTuple

KIB = 1024
MIB = 1024 * KIB

_ROWS_LOST = "the sample's rows of that segment are lost: it is `unknown` until newer ones come"
_NOT_READ = "that task is `unknown`, with the reason"
_PARTLY = "the rest is not counted: how many are queued is not known"
_CUT = "cut, and marked as cut"
_KIND = "that kind is not known, as if the file were absent"
_ABSENT = "left out and named"


class Limit(NamedTuple):
    """A bound on what is read. `value` is the most that is taken."""

    name: str
    value: int
    unit: str
    bounds: str
    """What it bounds."""
    beyond: str
    """What becomes of what is beyond."""

    def text(self, amount: int) -> str:
        """Why something of this amount isn't read."""
        return f"{amount:,} {self.unit}, more than the {self.value:,} that are read"

    @property
    def more(self) -> str:
        """Why something isn't read of which it isn't known how much there is."""
        return f"more than the {self.value:,} {self.unit} that are read"


class Beyond(ValueError):  # noqa: N818 - reads as what it says
    """Something is beyond a limit; the text has the figures."""


MEMBER_BYTES = Limit(
    "member",
    128 * MIB,
    "bytes",
    "an object or a zip's member in memory (`max_member_bytes`)",
    _ROWS_LOST,
)
MEMBER_RATIO = Limit(
    "ratio",
    5_000,
    "times its compressed bytes",
    "what a member may claim to hold, where that is more than 16 MiB (honest: a conversation of "
    "240 kB in 500 failed attempts, 943 times)",
    _ROWS_LOST,
)
RATIO_FLOOR = Limit(
    "ratio's floor",
    16 * MIB,
    "bytes",
    "a member up to which any ratio is taken",
    "the ratio counts",
)
ZSTD_WINDOW = Limit(
    "zstd window",
    8 * MIB,
    "bytes",
    "what a frame may ask to look back (RFC 8878 recommends as much; Inspect's have 2 MiB)",
    _ROWS_LOST,
)
SEGMENT_CONTENT = Limit(
    "segment", 256 * MIB, "bytes", "all that is unpacked of one segment", _ROWS_LOST
)
SEGMENT_ROWS = Limit("segment's rows", 200_000, "rows", "all rows of one segment", _ROWS_LOST)
DIRECTORY_BYTES = Limit(
    "zip directory",
    32 * MIB,
    "bytes",
    "the directory of a zip",
    "the log or the segment is unreadable",
)
DIRECTORY_ENTRIES = Limit(
    "zip members",
    250_000,
    "members",
    "the members of a zip (those of 10,000 samples in 10 epochs: 100,000 and its flushes)",
    "the log or the segment is unreadable",
)
MEMBER_ROWS = Limit(
    "member's rows", 100_000, "rows", "rows of one sample in one segment", _ROWS_LOST
)
EVENTS_BYTES = Limit(
    "member's events",
    64 * MIB,
    "bytes",
    "events of one sample in one segment, without attachments",
    _ROWS_LOST,
)
ROW_BYTES = Limit("row", 16 * MIB, "bytes", "one event", "that row is lost")
ROW_VALUES = Limit(
    "row's values",
    1_000_000,
    "values",
    "lists, objects and their parts in an event of over 1 MiB",
    "that row is lost",
)
ROW_TEXTS = Limit(
    "member's errors",
    16_000_000,
    "characters",
    "errors' texts that are kept of one member",
    "the rows behind it are lost",
)
SMALL = Limit(
    "small",
    MIB,
    "bytes",
    "members that are decoded at one go, and segments that are read at once",
    "it is read by itself, with each part counted",
)
LOOSE_BYTES = Limit(
    "loose JSON",
    4 * MIB,
    "bytes",
    "JSON that only Python's own reader takes, which may need 33 times as much memory (up to "
    "16 MiB where it is texts for the most part)",
    "unreadable: a row is lost, a log or a manifest is `unknown`",
)
MANIFEST_BYTES = Limit("manifest", 64 * MIB, "bytes", "a buffer's manifest", _NOT_READ)
SAMPLES = Limit(
    "samples", 100_000, "samples", "a manifest's samples, or those that ended in one log", _NOT_READ
)
RUNNING = Limit("running samples", 10_000, "running samples", "those of one task", _NOT_READ)
REFERENCES = Limit("references", 500_000, "references", "a manifest's to segments", _NOT_READ)
METRICS_BYTES = Limit(
    "metrics", MIB, "bytes", "the metrics at a manifest's head", "it is read as if it had none"
)
LOG_CONTENT = Limit(
    "log's members", 256 * MIB, "bytes", "all that is unpacked of a log at one reading", _NOT_READ
)
JOURNAL_PARTS = Limit(
    "journal", 20_000, "parts", "parts of a log's journal at one reading", _PARTLY
)
SPEC_BYTES = Limit(
    "specification", 4 * MIB, "bytes", "a log's specification, its status and its error", _NOT_READ
)
JSON_LOG_BYTES = Limit(
    "log in JSON",
    32 * MIB,
    "bytes",
    "a log in JSON that is read with its samples",
    "only its head is read: " + _PARTLY,
)
JSON_LOG_VALUES = Limit(
    "log in JSON, values",
    1_000_000,
    "values",
    "lists, objects and their parts in it",
    "only its head is read: " + _PARTLY,
)
LISTED = Limit(
    "listing",
    200_000,
    "entries",
    "files and folders on one level of a store",
    "that folder is not listed: what is below it is `unknown`, and nothing of it is gone",
)
LOGS = Limit("logs", 5_000, "logs", "logs in one folder, the newest first", _ABSENT)
LEFT_OUT = Limit(
    "left out",
    20,
    "names",
    "names that are told of what a folder holds and is not read",
    "their number is told",
)
ID_LENGTH = Limit(
    "ids", 400, "characters", "a sample's id or uuid", _CUT + ": two that differ stay different"
)
NAME_LENGTH = Limit(
    "names",
    300,
    "characters",
    "names of tasks, models, tools, kinds, spans",
    _CUT + ": two that differ stay different",
)
ERROR_LENGTH = Limit("errors", 4_000, "characters", "an error's text", _CUT)
ERROR_SOURCE = Limit(
    "errors, unread",
    64 * KIB,
    "characters",
    "an error's beginning and end in which its line is looked for",
    "the middle is not looked at",
)
NUMBER = Limit(
    "numbers",
    2**53,
    "",
    "any number, either way (beyond it JSON's readers differ)",
    "it counts as absent",
)
BAD_PARTS = Limit(
    "problems of a part",
    20,
    "texts",
    "unreadable rows or samples that are named",
    "their number is told",
)
ALLOWED_SECONDS = Limit("database", 5, "seconds", "one question to Inspect's database", _NOT_READ)
DATABASE_ROWS = Limit(
    "database's rows",
    250_000,
    "rows",
    "rows of a database at one poll",
    "the rest is read at the next poll; until then the task is `unknown`",
)
DATABASE_CONTENT = Limit(
    "database's content",
    256 * MIB,
    "bytes",
    "rows of a database at one poll",
    "the rest is read at the next poll; until then the task is `unknown`",
)
DATABASE_VALUE = Limit(
    "database's value", 64 * MIB, "bytes", "one value in a database", "that row is lost"
)
DATABASE_COPY = Limit(
    "orphaned database",
    512 * MIB,
    "bytes",
    "a database and its log that have to be copied",
    _NOT_READ,
)
DATABASE_FILES = Limit(
    "databases",
    1_000,
    "files",
    "databases of one log that are looked at",
    "those beyond are not seen",
)
LIST_BYTES = Limit(
    "cluster list", 128 * MIB, "bytes", "a bundle's list of Kubernetes objects", _KIND
)
LIST_ITEMS = Limit("cluster objects", 50_000, "objects", "objects of one list", _KIND)
OBJECT_BYTES = Limit(
    "cluster object", 2 * MIB, "bytes", "one object (etcd takes 1.5 MiB)", "that object is left out"
)
BUNDLE_BYTES = Limit("bundle.json", 64 * KIB, "bytes", "a bundle's description", "no bundle")
RUNNER_LOG_BYTES = Limit(
    "runner's log",
    16 * MIB,
    "bytes",
    "the end of a runner's log in a bundle (evidence keeps as much)",
    "what stands before is not read",
)
RUNNER_LOGS_BYTES = Limit(
    "runners' logs", 32 * MIB, "bytes", "all runners' logs of a bundle, the newest first", _ABSENT
)
RUNNER_LOGS = Limit("runners' logs, number", 100, "logs", "runners' logs of a bundle", _ABSENT)
LINE_LENGTH = Limit(
    "line", 64 * KIB, "characters", "a line of a runner's log", "the rest is skipped"
)
REQUEST_BYTES = Limit(
    "failing request",
    256 * MIB,
    "bytes",
    "a sample's rows, read to show its failing request",
    "the request is not shown",
)
REQUEST_MESSAGES = Limit(
    "failing request's messages",
    20_000,
    "messages",
    "messages of one request",
    "those beyond are not shown",
)
REQUEST_CALLS = Limit(
    "failing request's calls",
    50,
    "calls",
    "the newest calls of a sample that are kept for it",
    "older ones are not looked at",
)
REQUEST_TEXT = Limit(
    "failing request's text",
    32_000_000,
    "characters",
    "texts of one request with their attachments",
    "those beyond are not counted",
)
LOOK_BYTES = Limit(
    "one sample",
    16 * MIB,
    "bytes",
    "what is read of one sample when somebody asks for its events",
    "older events are not shown; of a sample in a log none",
)
LOOK_ROWS = Limit(
    "one sample's rows",
    1_000,
    "rows",
    "the newest rows of one sample when somebody asks for its events",
    "older ones are not shown",
)
LOOK_SEGMENTS = Limit(
    "one sample's segments",
    200,
    "segments",
    "the newest segments that are read for one sample when somebody asks for its events",
    "older events are not shown",
)
LOOK_LOG = Limit(
    "runner's log, shown",
    MIB,
    "bytes",
    "the end of a runner's log when somebody asks for its lines",
    "earlier lines are not shown",
)

LIMITS = (
    MEMBER_BYTES,
    MEMBER_RATIO,
    RATIO_FLOOR,
    ZSTD_WINDOW,
    DIRECTORY_BYTES,
    DIRECTORY_ENTRIES,
    SEGMENT_CONTENT,
    SEGMENT_ROWS,
    MEMBER_ROWS,
    EVENTS_BYTES,
    ROW_BYTES,
    ROW_VALUES,
    ROW_TEXTS,
    SMALL,
    LOOSE_BYTES,
    MANIFEST_BYTES,
    SAMPLES,
    RUNNING,
    REFERENCES,
    METRICS_BYTES,
    LOG_CONTENT,
    JOURNAL_PARTS,
    SPEC_BYTES,
    JSON_LOG_BYTES,
    JSON_LOG_VALUES,
    LISTED,
    LOGS,
    LEFT_OUT,
    ID_LENGTH,
    NAME_LENGTH,
    ERROR_LENGTH,
    ERROR_SOURCE,
    NUMBER,
    BAD_PARTS,
    ALLOWED_SECONDS,
    DATABASE_ROWS,
    DATABASE_CONTENT,
    DATABASE_VALUE,
    DATABASE_COPY,
    DATABASE_FILES,
    LIST_BYTES,
    LIST_ITEMS,
    OBJECT_BYTES,
    BUNDLE_BYTES,
    RUNNER_LOG_BYTES,
    RUNNER_LOGS_BYTES,
    RUNNER_LOGS,
    LINE_LENGTH,
    REQUEST_BYTES,
    REQUEST_CALLS,
    REQUEST_MESSAGES,
    REQUEST_TEXT,
    LOOK_BYTES,
    LOOK_ROWS,
    LOOK_SEGMENTS,
    LOOK_LOG,
)


def some(texts: list[str]) -> tuple[str, ...]:
    """The first of what could not be read, and how many more there are."""
    most = BAD_PARTS.value
    more = len(texts) - most
    return (*texts[:most], f"and {more:,} more like these") if more > 0 else tuple(texts)
