"""What is built from which Go module; the versions stand in each folder's `go.mod`."""

from __future__ import annotations

import hashlib
import platform
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Module:
    """A folder with a `go.mod`, and the binaries that come from it."""

    folder: str
    main: str
    """The Go module that is built: its version is the binaries' version."""

    packages: dict[str, str]
    """Binary's name to the package it is built from, below the module."""

    tags: str = ""
    """Go's build tags, where not all of it is wanted."""

    stamped: bool = False
    """Whether the version is written into the binary as Kubernetes' own build does it."""

    @property
    def path(self) -> Path:
        """The folder with `go.mod` and `go.sum`."""
        return HERE / self.folder

    @cached_property
    def version(self) -> str:
        """The version that `go.mod` asks for."""
        found = re.search(
            rf"^(?:require|\t)\s*{re.escape(self.main)} (v\S+)",
            (self.path / "go.mod").read_text(),
            re.MULTILINE,
        )
        if found is None:
            raise LookupError(f"{self.path / 'go.mod'} doesn't require {self.main}")
        return found.group(1)

    @property
    def ldflags(self) -> str:
        """Flags for the linker: no symbols, and the version where the program reports one."""
        return "-s -w" + (_stamp(self.version) if self.stamped else "")

    @cached_property
    def key(self) -> str:
        """The name of this version's folder in the cache: another one for any other source."""
        sources = [(self.path / name).read_bytes() for name in ("go.mod", "go.sum")]
        flags = (self.ldflags + self.tags).encode()
        digest = hashlib.sha256(b"".join([*sources, flags])).hexdigest()
        return f"{self.folder}-{self.version}-{platform.machine()}-{digest[:8]}"


def _stamp(version: str) -> str:
    major, minor, _ = version.removeprefix("v").split(".", 2)
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    package = "k8s.io/component-base/version"
    return "".join(f" -X {package}.{name}={value}" for name, value in values.items())


INSPECT = "github.com/hashicorp/terraform-config-inspect"
KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
JSONNET = ("jsonnet", "jsonnetfmt", "jsonnet-lint")

OPERATOR = Module(
    "prometheus-operator",
    "github.com/prometheus-operator/prometheus-operator",
    {"operator": "/cmd/operator"},
)
"""Its definitions are read too (`modules.py`)."""

MODULES = (
    Module("etcd", "go.etcd.io/etcd/server/v3", {"etcd": ""}),
    Module("kubernetes", "k8s.io/kubernetes", {n: f"/cmd/{n}" for n in KUBERNETES}, stamped=True),
    Module("kwok", "sigs.k8s.io/kwok", {"kwok": "/cmd/kwok"}),
    Module("versitygw", "github.com/versity/versitygw", {"versitygw": "/cmd/versitygw"}),
    Module("helm", "helm.sh/helm/v3", {"helm": "/cmd/helm"}),
    Module("helm-docs", "github.com/norwoodj/helm-docs", {"helm-docs": "/cmd/helm-docs"}),
    Module("actionlint", "github.com/rhysd/actionlint", {"actionlint": "/cmd/actionlint"}),
    Module("compose", "github.com/compose-spec/compose-go/v2", {"compose-spec": "/cmd"}),
    Module("hcl", "github.com/hashicorp/hcl/v2", {"hclfmt": "/cmd/hclfmt"}),
    Module("terraform", INSPECT, {"terraform-config-inspect": ""}),
    Module("jsonnet", "github.com/google/go-jsonnet", {n: f"/cmd/{n}" for n in JSONNET}),
    Module("pint", "github.com/cloudflare/pint", {"pint": "/cmd/pint"}),
    Module(
        "prometheus",
        "github.com/prometheus/prometheus",
        {"prometheus": "/cmd/prometheus"},
        tags="remove_all_sd,enable_kubernetes_sd",
    ),
    OPERATOR,
)


def module_of(binary: str) -> Module:
    """Give the module that a binary is built from."""
    for module in MODULES:
        if binary in module.packages:
            return module
    raise LookupError(f"no module builds {binary}")
