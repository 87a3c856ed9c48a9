"""The group `retention`."""

from typing import Annotated

from pydantic import Field

from watchdog.config.section import Retention as Kept
from watchdog.config.section import Section


class Retention(Section):
    """How long what the service writes down is kept, in seconds or as `30d`; looked at each hour.

    `watchdog purge` deletes what is kept of one eval set at once. What a command wrote (`evidence
    --output`), and what was sent to channels, is not the service's to delete.
    """

    incidents: Kept = 2_592_000
    """Incidents and their messages, from their end on (30 d); open ones stay; and by the day what
    eval sets lost and the service watched: what weekly reports are made of. Not less than
    `notify.reopen_within`. Those of targets that nobody watches any more go after a year."""
    checkpoints: Kept = 1_209_600
    """Checkpoints of other versions, and damaged ones that were kept aside (14 d). Those in use go
    with their eval sets."""
    names: Kept = 7_776_000
    """Whose an eval set's id is, after it was last seen (90 d); at least as long as incidents."""
    learned: Annotated[Kept, Field(le=86_400 * 182)] = 7_862_400
    """What was learned is halved when it rests on so much time (13 weeks): what is older weighs
    less and less. It tells names of models, tools and tasks, of eval sets none."""
    bundles: Kept = 3_600
    """What a service that was killed left of bundles from the page in its temporary directory; what
    was handed out is deleted at once. At least `web.evidence_timeout`."""
