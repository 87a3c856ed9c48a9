"""What a person may do about a cause."""

from typing import Literal

from msgspec import Struct

from watchdog.model.command import fill

ActionKind = Literal["look", "test", "mend", "tell", "restart", "wait"]
"""`look`: find out more, nothing is changed. `test`: ask the model's API directly. `mend`: change
what causes it. `tell`: whoever can. `restart`: end or start again, which may cost work. `wait`:
nothing is to be done."""

Situation = Literal[
    "all_stuck",
    "configuration_refused",
    "disk_full",
    "ended",
    "local",
    "no_control",
    "pod_lost",
    "process_gone",
    "resumable",
    "runner_alive",
    "running",
    "shared",
    "store_refuses",
]
"""When an action makes sense. `all_stuck`: no sample of the eval set gets on.
`configuration_refused`: the runner is gone, with exit code 78, so starting it again as it is
won't help. `disk_full`, `store_refuses`: the runner can't write its log, for want of space or
for another reason. `ended`: none of its samples is stuck, so nothing runs that could be lost.
`local`: the evaluation runs on this machine. `no_control`: its Inspect has no control channel
that could end one sample. `pod_lost`: the sample's sandbox is what is wrong, its runner lives.
`process_gone`: the process of this machine that wrote the log has ended. `resumable`: the
runner is gone, and not for its configuration. `running`: a sample is stuck for this cause, and
not ended by it. `shared`: it is everybody's trouble on the model. `runner_alive`: the cluster
doesn't say that there is none.
"""


class Action(Struct, frozen=True):
    """One step, in words.

    Attributes:
        kind: what sort of step it is.
        text: the sentence; commands stand between backticks, each one a command of its own, and
            what is filled in for an eval set as `{eval_set_id}`, `<runner-pod>` and the like
            (`diagnose/placeholders.py`). It says what is lost. It is ours: no value stands in it.
        when: left out unless all of these hold. What its commands need (a cluster, a sample, an
            Inspect that knows them) follows from the text itself (`diagnose/applicable.py`).
    """

    kind: ActionKind
    text: str
    when: tuple[Situation, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    """What its placeholders stand for, as it is, unquoted."""

    @property
    def told(self) -> str:
        """The text with its values filled in, each quoted once."""
        return fill(self.text, dict(self.values))
