"""What the site takes from others is as it came."""

import hashlib
import re

from tests.paths import ROOT

VENDOR = ROOT / "tools" / "site" / "vendor"


def test_a_script_of_somebody_else_is_as_it_came():
    page = (VENDOR / "README.md").read_text()
    rows = re.findall(r"^\| `([\w.-]+\.js)` \|.*\| `(\w{64})` \|$", page, re.MULTILINE)
    assert {name for name, _ in rows} == {path.name for path in VENDOR.glob("*.js")}
    for name, digest in rows:
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest
    assert "Permission is hereby granted, free of charge" in (VENDOR / "LICENSE").read_text()
