"""Where commands read from, in the order of the contract."""

import pytest

from tests.browser.serving import serving
from tests.builders.snapshots import NOW
from tests.builders.wide_fleets import wide
from tests.recordings.unpack import unpack
from watchdog.client.look import Look
from watchdog.client.place import Asked, open_place
from watchdog.client.service import Service
from watchdog.config.load import load
from watchdog.errors import UsageError
from watchdog.surfaces.fleet.filters import Filters

ELSEWHERE = "https://watchdog.example.org"


@pytest.fixture(scope="module")
def served():
    with serving() as made:
        made.snapshot = wide(3)
        yield made


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return str(unpack("one_sample_500", tmp_path_factory.mktemp("bundles"))[1])


@pytest.fixture
def nobody(unused_tcp_port):
    """An address of this machine where nothing listens."""
    return f"127.0.0.1:{unused_tcp_port}"


async def place_of(asked, **settings):
    place = await open_place(asked, load(settings), lambda: NOW)
    await place.reader.aclose()
    return place


async def test_a_server_that_is_named_weighs_most(bundle, monkeypatch):
    monkeypatch.setenv("WATCHDOG_SERVER", "https://other.example.org")
    place = await place_of(Asked(server=ELSEWHERE, name=bundle))
    assert (place.said, place.name) == (f"{ELSEWHERE} (--server)", bundle)


async def test_then_that_of_the_environment(bundle, monkeypatch):
    monkeypatch.setenv("WATCHDOG_SERVER", ELSEWHERE)
    assert (await place_of(Asked(name=bundle))).said == f"{ELSEWHERE} (WATCHDOG_SERVER)"
    # what is typed weighs more than what is set, where it says that it is a target
    assert (await place_of(Asked(targets=(bundle,)))).said == f"{bundle} (one look)"


async def test_then_a_target(bundle, served):
    listen = served.url.removeprefix("http://")
    place = await place_of(Asked(name=bundle), listen=listen)
    assert isinstance(place.reader, Look)
    assert (place.name, place.is_one) == (None, True)


async def test_then_a_service_on_this_machine(served):
    listen = served.url.removeprefix("http://")
    place = await place_of(Asked(name="x"), listen=listen, token="t" * 20)
    assert isinstance(place.reader, Service)
    assert place.said == f"{served.url} (this machine)"
    # nobody knows whose it is
    assert "authorization" not in place.reader._connection._client.headers


async def test_then_what_the_settings_watch(bundle, nobody):
    place = await place_of(Asked(), listen=nobody, logs=[bundle])
    assert place.said == f"{bundle} (settings: logs)"
    look = Look("x", [bundle], load({}), lambda: NOW)
    view = await look.fleet(Filters())
    await look.aclose()
    assert [row.eval_set_id for row in view.fleet.eval_sets] == ["one-sample-500-7f3a"]
    assert len(view.incidents) == 1


async def test_nothing_to_read_from_says_what_would_help(nobody, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with pytest.raises(UsageError, match=r"no service at .*--server URL, or --logs TARGET"):
        await place_of(Asked(), listen=nobody)


async def test_two_places_at_once_are_refused(bundle):
    with pytest.raises(UsageError, match="one of them"):
        await place_of(Asked(server=ELSEWHERE, targets=(bundle,)))


async def test_a_target_that_is_none(nobody):
    with pytest.raises(UsageError, match="no log directory"):
        await place_of(Asked(targets=("nowhere",)), listen=nobody)
