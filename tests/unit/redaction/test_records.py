"""A record leaves without secrets, wherever they stand; what holds none is the same object."""

from msgspec import Struct

from watchdog.model.verdict import Verdict
from watchdog.redaction import REDACTED, without_secrets

KEY = "ghp_" + "Ab3dEf6hIj" * 3


class Inner(Struct, frozen=True):
    """A part."""

    text: str
    verdict: Verdict = Verdict.STUCK


class Outer(Struct, frozen=True):
    """A whole."""

    inner: Inner
    many: tuple[Inner, ...]
    named: dict[str, tuple[str, ...]]
    ids: frozenset[str] = frozenset()
    subjects: tuple[str, ...] = ()


def test_what_holds_none_is_the_same_object():
    record = Outer(Inner("a"), (Inner("b"),), {"c": ("d",)})
    assert without_secrets(record) is record


def test_every_text_is_looked_at_and_kinds_stay():
    harmless = Inner("harmless")
    record = Outer(
        Inner(f"\n{KEY}"), (harmless, Inner(KEY)), {KEY: (KEY,)}, frozenset({KEY}), (KEY,)
    )
    cleaned = without_secrets(record, keep=frozenset({"subjects"}))
    assert cleaned == Outer(
        Inner(f"\n{REDACTED}"),
        (harmless, Inner(REDACTED)),
        {REDACTED: (REDACTED,)},
        frozenset({REDACTED}),
        (KEY,),
    )
    assert cleaned.many[0] is harmless
    assert cleaned.inner.verdict is Verdict.STUCK
