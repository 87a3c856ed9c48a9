"""An eval set that died stays told, though a TTL takes its Job and the janitor its release."""

import pytest

from tests.control_plane.stages import COMPLETED, CONFIG_ERROR, FAILED

pytestmark = pytest.mark.control_plane

LATER = 8
"""Turns for which nothing may be said afterwards."""
CALM = {"starting", "progressing"}


def given_up_at_once(release):
    """Exit code 78: Hawk's Job isn't tried again."""
    release.plane.behave(release.runner_namespace, name_of_runner(release), CONFIG_ERROR)


def given_up_after_attempts(release):
    """The last attempt that the Job has left fails."""
    change = {"spec": {"backoffLimit": 0}}
    release.plane.api.patch("Job", release.id, change, release.runner_namespace)
    release.plane.behave(release.runner_namespace, name_of_runner(release), FAILED)


def name_of_runner(release):
    return release.runner()["metadata"]["name"]


def reason(release):
    """Why the Job was given up, in Kubernetes' words."""
    return release.job()["status"]["conditions"][-1]["reason"]


async def clear_away(watching, release):
    """What an hour or two bring: the Job's TTL, then the janitor."""
    await watching.meanwhile(release.expire)
    await watching.turns(LATER)
    await watching.meanwhile(release.uninstall)
    await watching.meanwhile(release.wait_gone)
    await watching.turns(LATER)


@pytest.mark.parametrize(
    ("die", "why", "recording"),
    [
        (given_up_at_once, "PodFailurePolicy", None),
        (given_up_after_attempts, "BackoffLimitExceeded", ("slow_but_healthy", 1)),
    ],
)
async def test_a_death_is_told_once_stays_and_ends_when_resumed(  # noqa: PLR0917 - fixtures
    install, watching, recorded, die, why, recording
):
    release = install("eval-set")
    release.wait_running()
    if recording:
        recorded(release, *recording)
    await watching.start()
    await watching.until(lambda found: release.id in found and calm(found[release.id]))
    die(release)
    release.wait_failed()
    assert reason(release) == why
    await watching.until(lambda _: watching.messages)
    await watching.turns(LATER)
    (told,) = watching.messages
    assert release.id in told
    assert watching.open_incidents == [(release.id,)]

    await clear_away(watching, release)
    assert watching.messages == [told]
    assert watching.open_incidents == [(release.id,)]

    await watching.restart()
    await watching.turns(LATER)
    assert watching.messages == [told]
    assert watching.open_incidents == [(release.id,)]

    install("eval-set", name=release.id).wait_running()
    await watching.until(lambda _: not watching.open_incidents)
    await watching.turns(LATER)
    assert watching.messages[0] == told
    (ended,) = watching.messages[1:]
    assert release.id in ended
    assert "resumed" in ended


def calm(eval_set):
    return eval_set.verdict.value in CALM


async def test_one_that_ended_well_leaves_without_a_word(install, watching, recorded):
    release = install("eval-set")
    release.wait_running()
    recorded(release, "finished", 1)
    await watching.start()
    await watching.until(lambda found: release.id in found)
    release.plane.behave(release.runner_namespace, name_of_runner(release), COMPLETED)
    await watching.turns(LATER)
    await clear_away(watching, release)
    assert watching.messages == []
    assert watching.open_incidents == []
