"""What a pod requests, as the scheduler counts it."""

import msgspec
import pytest

from watchdog.collect.kubernetes.requests import requests_of
from watchdog.collect.kubernetes.wire import PodSpec

GIB = 2.0**30


def spec(*containers, **more):
    listed = [{"resources": {"requests": requests}} for requests in containers]
    return msgspec.convert({"containers": listed, **more}, PodSpec)


def of(*containers, **more):
    found = requests_of(spec(*containers, **more))
    return None if found is None else dict(found)


def test_containers_are_summed():
    first = {"cpu": "500m", "memory": "1Gi", "nvidia.com/gpu": "2", "ephemeral-storage": "9Gi"}
    assert of(first, {"cpu": "2", "memory": "512Mi"}) == {
        "cpu": 2.5,
        "memory": 1.5 * GIB,
        "nvidia.com/gpu": 2.0,
    }


def test_nothing_requested_is_known_to_be_nothing():
    assert of({}) == {}


@pytest.mark.parametrize("name", ["amd.com/gpu", "gpu.intel.com/i915", "nvidia.com/mig-1g.5gb"])
def test_gpus_of_any_kind(name):
    assert of({name: 1}) == {name: 1.0}


def test_an_init_container_counts_where_it_needs_more():
    init = [{"resources": {"requests": {"cpu": "4", "memory": "1Mi"}}}]
    assert of({"cpu": "1", "memory": "1Gi"}, initContainers=init) == {"cpu": 4.0, "memory": GIB}


def test_one_that_stays_counts_beside_the_others():
    sidecar = {"restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}}
    init = {"resources": {"requests": {"cpu": "3"}}}
    assert of({"cpu": "2"}, initContainers=[sidecar, init]) == {"cpu": 4.0}


def test_what_stands_for_the_whole_pod_counts_instead_and_the_overhead_on_top():
    whole = {"requests": {"cpu": "8"}}
    assert of({"cpu": "1"}, resources=whole, overhead={"cpu": "250m"}) == {"cpu": 8.25}


def test_a_limit_stands_for_a_request_that_lacks():
    made = msgspec.convert({"containers": [{"resources": {"limits": {"cpu": "3"}}}]}, PodSpec)
    assert requests_of(made) == (("cpu", 3.0),)


@pytest.mark.parametrize("text", ["many", "-1", "1e400", "1e30", ""])
def test_what_is_no_quantity_is_not_known(text):
    assert of({"cpu": text}) is None
