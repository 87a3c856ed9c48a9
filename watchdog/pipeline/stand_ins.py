"""What commands print of models that not everybody may see: stand-ins, unless one has the groups.

Verdicts, counts and exit status are those of everything. Who calls a command reads with rights of
their own, so this keeps names off screens, and out of what is passed on.
"""

import secrets
from collections.abc import Iterable

from watchdog.config.settings import Settings
from watchdog.masking import Key, Mask
from watchdog.model.access import Viewer, viewer
from watchdog.model.report import Report
from watchdog.model.state import EvalSetState

HINT = (
    "models are shown by a stand-in, as their eval set asks for groups: --groups or "
    "WATCHDOG_GROUPS names yours"
)


def for_terminal(report: Report, settings: Settings) -> tuple[Report, bool]:
    """A report as a command prints it, and whether any name has a stand-in."""
    mask = report_mask(report, settings)
    return mask.record(report), bool(mask.hidden)


def report_mask(report: Report, settings: Settings) -> Mask:
    """Replaces the models' names of a report's eval sets whose groups the caller doesn't have."""
    caller = _caller(settings)
    shown = {n for e in report.eval_sets if caller.may_see(e.model_groups) for n in e.models}
    names = {n for e in report.eval_sets if not caller.may_see(e.model_groups) for n in e.models}
    return Mask(_key(settings), sorted(names - shown), shown)


def mask_of(states: Iterable[EvalSetState], settings: Settings) -> Mask:
    """Replaces the models' names of eval sets whose groups the caller doesn't have."""
    caller = _caller(settings)
    shown: set[str] = set()
    hidden: set[str] = set()
    for state in states:
        (shown if caller.may_see(state.access) else hidden).update(_models(state))
    return Mask(_key(settings), sorted(hidden - shown), shown)


def _caller(settings: Settings) -> Viewer:
    web = settings.web
    return viewer(
        "",
        settings.groups,
        admins=web.admins,
        bare_names=web.bare_groups,
        sees_unlabelled=True,
    )


def _models(state: EvalSetState) -> Iterable[str]:
    specs = (task.spec for task in state.tasks.values())
    return (*state.model_names, *(s.model for s in specs if s is not None and s.model))


def _key(settings: Settings) -> Key:
    """The configured one; else one of this call, as no ledger is opened for a look."""
    chosen = settings.web.stand_in_key
    return secrets.token_bytes(32) if chosen is None else chosen.get_secret_value().encode()
