"""deploy/iam/policy.json, as a bucket's policy for one user of the S3 server."""

from __future__ import annotations

import json
from string import Template

from tests.paths import ROOT

POLICY = ROOT / "deploy" / "iam" / "policy.json"


def bucket_policy(bucket: str, prefix: str, user: str) -> str:
    """What the role may do, said of a user by the bucket: such a policy names whom it is about."""
    given = {"partition": "aws", "bucket": bucket, "prefix": prefix}
    policy = json.loads(Template(POLICY.read_text()).substitute(given))
    for statement in policy["Statement"]:
        statement["Principal"] = {"AWS": [user]}
    return json.dumps(policy)
