"""What Python prints by itself holds no secrets: tracebacks, warnings, early logs."""

import subprocess
import sys

import pytest

from tests.paths import ROOT

KEY = "ghp_" + "Ab3dEf6hIj" * 3
PRINTS = {
    "an uncaught exception": "raise ValueError(KEY)",
    "a cause": "try:\n    raise KeyError(KEY)\nexcept KeyError as e:\n    raise ValueError('x') from e",  # noqa: E501
    "a key of several lines": "raise ValueError('-----BEGIN PRIVATE KEY-----\\n' + KEY[4:] * 2)",
    "a thread": "import threading\nt = threading.Thread(target=lambda: int(KEY))\nt.start(); t.join()",  # noqa: E501
    "what can't be raised": "class A:\n    def __del__(self): raise ValueError(KEY)\nA()",
    "a warning": "import warnings\nwarnings.warn(KEY)",
    "a library's log": "import logging\nlogging.getLogger('x').error('at %s', KEY)",
    "asyncio": "import asyncio\nasync def f():\n"
    "    asyncio.get_running_loop().call_exception_handler({'message': KEY})\nasyncio.run(f())",
    "pieces": "sys.stderr.write(KEY[:9]); sys.stderr.write(KEY[9:])",
}


@pytest.mark.parametrize("what", PRINTS)
def test_nothing_that_python_prints_holds_a_secret(what):
    body = "\n".join(f"        {line}" for line in PRINTS[what].splitlines())
    program = (
        "import sys\nfrom watchdog.redaction import redacted_stderr\n"
        f"KEY = 'ghp_' + 'Ab3dEf6hIj' * 3\ndef main():\n    with redacted_stderr():\n{body}\nmain()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "[redacted]" in ended.stderr
    assert "Ab3dEf6hIjAb3d" not in ended.stderr + ended.stdout
