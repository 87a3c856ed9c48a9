"""What an eval set's owner says of it in the metadata of its logs.

Hawk's `metadata:`, Inspect's `--metadata` and `eval(metadata=…)`, and a task's own, which weighs
more, all end in `eval.metadata` of a log (`EvalSpec`, inspect_ai 0.3.285 `log/_log.py`), in
`_journal/start.json` from the first moment on. Inspect's command line turns `-` in a key into `_`
(`parse_cli_args`, `_util/config.py`), so that both are read.
"""

from collections.abc import Mapping

from watchdog.collect.allowances import PREFIX, read
from watchdog.model.allowances import NO_ALLOWANCE, Allowance

_WHERE = "metadata "
_GROUP = PREFIX.rstrip("/")


def allowance(metadata: Mapping[str, object]) -> tuple[Allowance, tuple[str, ...]]:
    """What `stuck-eval-watchdog/…` keys, or a mapping of that name, say; a key weighs more.

    Returns:
        What they allow, and those that are ignored, each with the reason.
    """
    entries: dict[str, object] = {}
    keys: dict[str, object] = {}
    ignored: tuple[str, ...] = ()
    for key, value in metadata.items():
        name = key.replace("_", "-") if len(key) < _LONGEST else key
        if name.startswith(PREFIX):
            keys[name.removeprefix(PREFIX)] = value
        elif name == _GROUP and isinstance(value, dict):
            entries |= {str(inner).replace("_", "-"): said for inner, said in value.items()}
        elif name == _GROUP:
            ignored = (f"{_WHERE}{_GROUP}: should hold keys and values, such as patience: 3",)
    if not entries and not keys:
        return NO_ALLOWANCE, ignored
    allowed, unusable = read(entries | keys, _WHERE)
    return allowed, ignored + unusable


_LONGEST = 200
"""Characters of a key that may be one of ours."""
