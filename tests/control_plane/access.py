"""Who may ask the API server, and by which file."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

CONTEXT = "control-plane"
AUDITED = "wd-audited"
"""All that service accounts of this namespace ask is written down."""


def write_tokens(path: Path) -> str:
    """Write the file of fixed tokens, and give the administrator's."""
    token = secrets.token_urlsafe(24)
    path.write_text(f'{token},admin,admin,"system:masters"\n')
    path.chmod(0o600)
    return token


def write_audit_policy(path: Path) -> None:
    """Have what accounts of one namespace ask written down, and nothing else."""
    group = f"system:serviceaccounts:{AUDITED}"
    rules = [{"level": "Metadata", "userGroups": [group]}, {"level": "None"}]
    policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules}
    path.write_text(json.dumps({**policy, "omitStages": ["RequestReceived"]}))


def write_kubeconfig(path: Path, url: str, ca: Path, user: dict[str, object]) -> Path:
    """Write a kubeconfig with one context (JSON is YAML)."""
    cluster = {"server": url, "certificate-authority": str(ca)}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": CONTEXT, "user": user}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
        "current-context": CONTEXT,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config, indent=1))
    path.chmod(0o600)
    return path
