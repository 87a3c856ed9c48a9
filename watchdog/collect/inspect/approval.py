"""Who approves the calls of a task's tools: `config.approval` of a log's specification.

Format: `ApprovalPolicyConfig`, inspect_ai 0.3.285 `approval/_policy.py`: `{"approvers": [{"name",
"tools", "params"}]}`, asked in order. A tool's pattern is matched with `name(arguments)`, as if it
ended in `*`.
"""

from typing import Any

from watchdog.collect.values import name
from watchdog.model.facts import ApproverPolicy

AUTOMATIC = frozenset({"auto", "inspect_ai/auto"})
"""Approvers that ask nobody. Of any other it isn't known."""
PASSES_ON = "escalate"
POLICIES_MAX = 64
PATTERNS_MAX = 64


def approver_policies(approval: object) -> tuple[ApproverPolicy, ...]:
    """The approvers that can decide, in order; what has no such shape counts as absent."""
    if isinstance(approval, str):
        approval = {"approvers": [{"name": approval, "tools": "*"}]}
    approvers = approval.get("approvers") if isinstance(approval, dict) else None
    if not isinstance(approvers, list):
        return ()
    policies = (_policy(a) for a in approvers[:POLICIES_MAX] if isinstance(a, dict))
    return tuple(policy for policy in policies if policy is not None and policy.tools)


def _policy(approver: dict[str, Any]) -> ApproverPolicy | None:
    by_person = name(approver.get("name")) not in AUTOMATIC
    params = approver.get("params")
    if not by_person and isinstance(params, dict) and params.get("decision") == PASSES_ON:
        return None
    patterns = (_pattern(one, by_person) for one in _texts(approver.get("tools")))
    return ApproverPolicy(tuple(p for p in patterns if p), by_person)


def _texts(tools: object) -> list[str]:
    texts = [tools] if isinstance(tools, str) else tools if isinstance(tools, list) else []
    parts = (part.strip() for text in texts if isinstance(text, str) for part in text.split(","))
    return [part for part in parts if part][:PATTERNS_MAX]


def _pattern(pattern: str, by_person: bool) -> str | None:
    """A glob for the tool's name alone: the arguments of an awaited call aren't kept.

    A person may be asked about each call of a tool of which some calls are theirs; that something
    decides on some calls by itself says nothing about the others.
    """
    head, arguments, _ = pattern.partition("(")
    if arguments:
        return name(f"{head}*") if by_person else None
    return name(pattern if pattern.endswith("*") else f"{pattern}*")
