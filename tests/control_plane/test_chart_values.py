"""Each values file of the chart's ci/ is taken by the API server, under the strictest standard."""

from uuid import uuid4

import pytest
import yaml

from tests.control_plane.chart import CHART, STRICT
from tests.control_plane.fixtures import found
from tests.control_plane.gateway_crds import gateway_crds
from tests.control_plane.operator_crds import operator_crds

pytestmark = pytest.mark.control_plane

VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
NAMED = ("evals", "evals-s")
"""Namespaces that values name, and that have to be there."""
DRY = ("--dry-run=server", "--server-side", "--validate=strict", "--filename")


@pytest.fixture(scope="module", autouse=True)
def _kinds(request, plane):
    """The kinds that others add to a cluster."""
    made = found(request.config, lambda _: [*operator_crds(), *gateway_crds()])
    with plane.with_kinds(made):
        yield


@pytest.fixture(scope="module")
def place(plane):
    name = f"wd-{uuid4().hex[:8]}"
    for each in (name, *NAMED):
        plane.namespace(each, labels=STRICT)
    yield name
    for each in (name, *NAMED):
        plane.api.drop("Namespace", each)


def pods_of(objects):
    """The pods that a controller would make, for an account that is there."""
    for thing in objects:
        if thing["kind"] == "Deployment":
            template = thing["spec"]["template"]
            meta = {
                **template["metadata"],
                "name": "pod",
                "namespace": thing["metadata"]["namespace"],
            }
            spec = {**template["spec"], "serviceAccountName": "default"}
            spec.pop("priorityClassName", None)  # the highest ones are kube-system's own
            yield {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


@pytest.fixture
def apply(helm, kubectl, place, tmp_path):
    """Renders, and asks the API server what it would say; what was rendered beside it."""

    def run(*options):
        where = ("--namespace", place, "--kube-version", "1.35", *options)
        rendered = helm("template", "wd", str(CHART), *where)
        objects = [thing for thing in yaml.safe_load_all(rendered) if thing]
        file = tmp_path / "all.yaml"
        file.write_text(yaml.safe_dump_all([*objects, *pods_of(objects)]))
        return kubectl("apply", *DRY, str(file)), objects

    return run


@pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)
def test_the_api_server_takes_it(apply, path):
    said, objects = apply("--values", str(path))
    assert said.count("(server dry run)") == len(objects) + 1
    assert "Warning" not in said


def test_what_the_server_knows_and_the_schema_does_not_is_refused(apply):
    """So the test above can fail."""
    patch = 'podSpecPatch={"hostAliases": [{"address": "10.0.0.7"}]}'
    with pytest.raises(RuntimeError, match=r"hostAliases\S*address: field not declared"):
        apply("--values", str(VALUES[0]), "--set-json", patch)
