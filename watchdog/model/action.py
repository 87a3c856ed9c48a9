"""What a person may do about a cause."""

from typing import Literal

from msgspec import Struct

ActionKind = Literal["look", "test", "mend", "tell", "restart", "wait"]
"""`look`: find out more, nothing is changed. `test`: ask the model's API directly. `mend`: change
what causes it. `tell`: whoever can. `restart`: end or start again, which may cost work. `wait`:
nothing is to be done."""


class Action(Struct, frozen=True):
    """One step, in words.

    Attributes:
        kind: what sort of step it is.
        text: the sentence; commands stand between backticks, and what is filled in for an eval
            set as `{eval_set_id}`, `<runner-pod>` and the like (`diagnose/placeholders.py`).
    """

    kind: ActionKind
    text: str
