"""What is done about samples that err. Found by tasks (`erring.py`), by no rule for samples."""

from watchdog.diagnose.context import CauseSpec
from watchdog.model import advice
from watchdog.model.action import Action
from watchdog.model.verdict import Cause

_ERRORED = Action(
    "look", "See which samples erred, and read one of them: `hawk list samples {eval_set_id}`"
)
_EXPECTED = Action(
    "wait",
    "Where so many errors are expected of this benchmark, nothing: the watchdog learns it with "
    "the days that it runs",
)

SPECS: tuple[CauseSpec, ...] = (
    CauseSpec(
        Cause.SANDBOX_ERROR,
        "ends in errors of its sandbox",
        (
            advice.RUNNER_LOG,
            advice.EVENTS,
            _ERRORED,
            Action(
                "mend",
                "Mend what the error names: the sandbox's image or chart, the namespace's quota; "
                "samples to come have it where it is the cluster's",
            ),
            Action(
                "mend",
                "Mend what the error names: the sandbox's image, its compose file, the disk; "
                "samples to come have it, those that erred can be run anew after the end",
                ("local",),
            ),
            advice.RESUME,
        ),
    ),
    CauseSpec(
        Cause.SAMPLE_ERROR,
        "ends in an error of its own code",
        (
            _ERRORED,
            advice.RUNNER_LOG,
            Action(
                "mend",
                "Mend the task's, solver's, tool's or scorer's code; only a new run has it",
            ),
            _EXPECTED,
            advice.RESUME,
        ),
    ),
)
