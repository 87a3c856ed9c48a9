"""What the service says, as a person or a program reads it."""

import html
import re

from watchdog.surfaces.web.page import render


def verdicts(app) -> dict[str, str]:
    return {e.eval_set_id: e.verdict.value for e in app.snapshot.report.eval_sets}


def page_of(app, now) -> str:
    page = render(app.snapshot, app.health(), now, 30)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
