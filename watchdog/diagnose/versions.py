"""What a newer Inspect wrote than was ever tested: said, and no more than that."""

from collections.abc import Iterator

from watchdog.model.inspect_versions import NEWEST_TESTED, version_text
from watchdog.model.state import EvalSetState
from watchdog.model.verdict import Evidence


def untested(state: EvalSetState) -> Iterator[Evidence]:
    """The newest Inspect that wrote a log of the eval set, where it is newer than any tested."""
    specs = [task.spec for task in state.tasks.values() if task.spec is not None]
    versions = [spec.inspect_version for spec in specs if spec.inspect_version is not None]
    newest = max(versions, default=NEWEST_TESTED)
    if newest > NEWEST_TESTED:
        text = (
            f"written by inspect_ai {version_text(newest)}, newest tested "
            f"{version_text(NEWEST_TESTED)}: what is new in it may be misread"
        )
        yield Evidence("version", text)
