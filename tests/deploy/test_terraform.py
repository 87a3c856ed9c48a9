"""The IAM policy and the Terraform module around it."""

import json
import re
import shutil
import subprocess
from string import Template

import pytest

from tests.control_plane.build import resolve
from tests.control_plane.fixtures import found
from tests.deploy.expressions import DEPLOY

pytestmark = pytest.mark.acceptance

MODULE = DEPLOY / "terraform"
POLICY = DEPLOY / "iam" / "policy.json"
README = DEPLOY / "iam" / "README.md"
GIVEN = {"partition": "aws", "bucket": "my-bucket", "prefix": "evals/"}


def run(*command, **options):
    words = list(map(str, command))
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)


@pytest.fixture
def tool(request):
    return lambda name: found(request.config, lambda say: resolve(name, say))


def filled():
    return json.loads(Template(POLICY.read_text()).substitute(GIVEN))


def test_it_is_formatted_and_parses(tool):
    files = sorted(MODULE.glob("*.tf"))
    assert len(files) == 4
    done = run(tool("hclfmt"), "-check", "-require-no-change", *files)
    assert done.returncode == 0, done.stdout + done.stderr


def test_hashicorp_s_inspector_finds_what_the_readme_tells(tool):
    done = run(tool("terraform-config-inspect"), "--json", MODULE)
    module = json.loads(done.stdout)
    assert done.returncode == 0, module["diagnostics"]
    needed = {name for name, about in module["variables"].items() if about["required"]}
    assert needed == {"bucket"}
    rows = re.findall(
        r"^\| ((?:`\w+`(?:, )?)+) \|", (MODULE / "README.md").read_text(), re.MULTILINE
    )
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert told == set(module["variables"])
    assert module["required_providers"]["aws"]["source"] == "hashicorp/aws"
    assert set(module["managed_resources"]) == {
        "aws_iam_role.watchdog",
        "aws_iam_role_policy.read",
        "aws_eks_pod_identity_association.watchdog",
    }


def test_every_name_in_it_is_there_and_used():
    texts = {path.name: path.read_text() for path in MODULE.glob("*.tf")}
    whole = "\n".join(texts.values())
    declared = set(re.findall(r'^variable "(\w+)"', whole, re.MULTILINE))
    rest = whole.replace(texts["variables.tf"], "")
    assert set(re.findall(r"\bvar\.(\w+)", rest)) == declared
    local = set(
        re.findall(
            r"^  (\w+) += ", re.search(r"locals \{.*?\n\}", whole, re.DOTALL)[0], re.MULTILINE
        )
    )
    assert set(re.findall(r"\blocal\.(\w+)", whole)) == local
    kinds = {
        f"{kind}.{name}"
        for kind, name in re.findall(r'^resource "(\w+)" "(\w+)"', whole, re.MULTILINE)
    }
    assert set(re.findall(r"(?<!data\.)\b(aws_\w+\.\w+)\.", whole)) <= kinds
    data = {
        f"data.{kind}.{name}"
        for kind, name in re.findall(r'^data "(\w+)" "(\w+)"', whole, re.MULTILINE)
    }
    assert set(re.findall(r"\b(data\.\w+\.\w+)", whole)) == data


def test_terraform_fills_the_policy_in_as_the_tests_do(tmp_path):
    if shutil.which("terraform") is None:
        pytest.skip(
            "no terraform here: Debian has no package of it; its parser looked at the module"
        )
    given = json.dumps(GIVEN)
    asked = f'jsonencode(jsondecode(templatefile("{POLICY}", jsondecode({json.dumps(given)}))))\n'
    done = run("terraform", f"-chdir={tmp_path}", "console", input=asked)
    assert done.returncode == 0, done.stderr
    said = next(line for line in done.stdout.splitlines() if line.startswith('"'))
    assert json.loads(json.loads(said)) == filled()
    assert run("terraform", "fmt", "-check", MODULE).returncode == 0


def test_the_policy_reads_and_nothing_else():
    actions = {action for each in filled()["Statement"] for action in each["Action"]}
    assert actions == {"s3:ListBucket", "s3:GetObject"}
    assert {each["Effect"] for each in filled()["Statement"]} == {"Allow"}


def test_the_readme_s_sed_fills_it_in_too():
    (line,) = re.findall(r"^(sed .*) deploy/iam/policy\.json >", README.read_text(), re.MULTILINE)
    done = run("sh", "-c", f"{line} {POLICY}")
    assert json.loads(done.stdout) == filled()
