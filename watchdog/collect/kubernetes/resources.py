"""What is asked of the API server: paths, queries, and the permission that each needs."""

import json
from typing import Literal
from urllib.parse import quote, urlencode

from msgspec import Struct
from msgspec.structs import replace

Method = Literal["GET", "POST", "PUT", "PATCH"]
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"


class Resource(Struct, frozen=True):
    """A kind of object as the API serves it, with the verbs that a role must allow."""

    group: str
    version: str
    plural: str
    verbs: tuple[str, ...]
    by_name: bool = False
    """Whether a right to one of them can be given by its name, as it stays the same."""

    @property
    def base(self) -> str:
        """Where its API group begins."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


PODS = Resource("", "v1", "pods", ("list", "watch"))
JOBS = Resource("batch", "v1", "jobs", ("list", "watch"))
NAMESPACES = Resource("", "v1", "namespaces", ("list", "watch"), by_name=True)
EVENTS = Resource("", "v1", "events", ("list", "watch"))
USAGE = Resource("metrics.k8s.io", "v1beta1", "pods", ("list",))
NODES = Resource("", "v1", "nodes", ("list", "watch"))
WORKLOADS = Resource("kueue.x-k8s.io", "v1beta2", "workloads", ("list", "watch"))
POD_LOG = Resource("", "v1", "pods/log", ("get",))
REVIEWS = Resource("authorization.k8s.io", "v1", "selfsubjectaccessreviews", ("create",))


class ListQuery(Struct, frozen=True):
    """A request: for a list, a watch, an object or its log, or one that makes or replaces."""

    resource: Resource
    namespace: str = ""
    """Empty for the whole cluster."""
    name: str = ""
    """The one object that is asked for; empty for all."""
    query: tuple[tuple[str, str], ...] = ()
    accept: str = JSON
    method: Method = "GET"
    body: bytes | None = None
    """JSON. Nothing is written but the service's own Lease, and a label of its own pods."""

    @property
    def content_type(self) -> str:
        """Of the body."""
        return MERGE_PATCH if self.method == "PATCH" else JSON

    @property
    def url(self) -> str:
        """Path and query."""
        path = self.resource.base + "".join(f"/{quote(part, safe='')}" for part in self._parts())
        return f"{path}?{urlencode(self.query)}" if self.query else path

    def adding(self, *query: tuple[str, str]) -> "ListQuery":
        """The same with more of a query."""
        return replace(self, query=self.query + query)

    @property
    def what(self) -> str:
        """What is asked for, for people."""
        name = f" {self.name}" if self.name else ""
        place = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self._dotted}{name}{place}"

    @property
    def rule(self) -> str:
        """The RBAC rule that allows it, and where it belongs."""
        rule = {"apiGroups": [self.resource.group], "resources": [self.resource.plural]}
        if self.resource.by_name and self.name:
            rule["resourceNames"] = [self.name]
        rule["verbs"] = list(self.resource.verbs)
        fields = ", ".join(f"{key}: {json.dumps(value)}" for key, value in rule.items())
        return f"add the rule {{{fields}}} to a {self._role}"

    @property
    def _role(self) -> str:
        if self.namespace:
            return f"Role of namespace {self.namespace} (RoleBinding there)"
        return "ClusterRole (ClusterRoleBinding: it is asked for cluster-wide)"

    @property
    def _dotted(self) -> str:
        group = self.resource.group if "." in self.resource.group else ""
        return f"{self.resource.plural}.{group}" if group else self.resource.plural

    def _parts(self) -> tuple[str, ...]:
        """Namespaces are chosen by a selector, which the API can watch too; other names by path."""
        plural, _, sub = self.resource.plural.partition("/")
        within = ("namespaces", self.namespace) if self.namespace else ()
        name = (self.name,) if self.name and self.resource is not NAMESPACES else ()
        return (*within, plural, *name, *((sub,) if sub else ()))


def review(right: ListQuery, verb: str) -> ListQuery:
    """The question whether we may do something (SelfSubjectAccessReview); everybody may ask it."""
    plural, _, sub = right.resource.plural.partition("/")
    attributes = {
        "group": right.resource.group,
        "version": right.resource.version,
        "resource": plural,
        "subresource": sub,
        "verb": verb,
        "namespace": right.namespace,
        "name": right.name,
    }
    asked = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
    }
    return ListQuery(REVIEWS, method="POST", body=json.dumps(asked).encode())
