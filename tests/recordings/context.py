"""What the parts of a scenario's process share: its clock, its script, its marks."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.recordings.acts import Act, Call, Fail, Hang, Script
from tests.recordings.clock import Clock


class ScenarioContext:
    """The one scenario that runs in this process."""

    clock: Clock
    script: Script
    sdk_retries: int | None = None
    retry_wait: tuple[float, float] | None = None
    marks: Path

    def act(self, call: Call) -> Act:
        """Ask the script, and note where the trouble begins."""
        self.begin()
        act = self.script(call)
        if isinstance(act, Hang | Fail) and act.onset:
            self.mark("onset")
        return act

    def begin(self) -> None:
        """Note the event loop, and that the evaluation has begun to work."""
        self.clock.loop = asyncio.get_running_loop()

    def mark(self, name: str) -> None:
        """Note the first time that something happened."""
        marks = json.loads(self.marks.read_text()) if self.marks.exists() else {}
        if name not in marks:
            self.marks.write_text(json.dumps({**marks, name: self.clock.now()}))


CONTEXT = ScenarioContext()
