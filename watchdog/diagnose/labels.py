"""Sample ids and task names as labels of sandbox pods have them."""

import re


def label(text: str) -> str:
    """A text as a label value could hold it: at most 63 of letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text[:200].lower()).strip("-")[:63].strip("-")


def same_label(value: str, text: str) -> bool:
    """Whether a label's value stands for `text` (a task `a/b` may stand there as `b`)."""
    return bool(value) and label(value) in {label(text), label(text.rsplit("/", 1)[-1])}
