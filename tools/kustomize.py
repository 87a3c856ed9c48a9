"""deploy/kustomize/base, made of what the chart renders: `python -m tools.kustomize [--check]`.

Kustomize has no values, so the base is the chart's default; what Helm alone needs is taken out, and
the configuration is a file of its own, whose hash restarts the pod as the chart's checksum does.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.control_plane.build import resolve

ROOT = Path(__file__).resolve().parents[1]
CHART = ROOT / "helm" / "stuck-eval-watchdog"
BASE = ROOT / "deploy" / "kustomize" / "base"
NAME = "stuck-eval-watchdog"
NAMESPACE = "watchdog"
VALUES = {
    "image.repository": NAME,
    "config.kubernetes.store": "s3://BUCKET/evals/{eval_set_id}",
}
"""What the chart asks for: an overlay sets both."""

OLDEST = "1.28.0"
"""The Kubernetes that it is made for, and newer ones."""

HELMS = ("helm.sh/chart", "app.kubernetes.io/managed-by")
"""Labels that say who installed it."""

HEAD = "# Generated from helm/stuck-eval-watchdog by `python -m tools.kustomize`.\n"

Thing = dict[str, Any]


def files() -> dict[str, str]:
    """The base's files by their names."""
    things = rendered()
    (config,) = [thing for thing in things if thing["kind"] == "ConfigMap"]
    made: dict[str, str] = {"config.yaml": HEAD + config["data"]["config.yaml"].strip() + "\n"}
    for thing in things:
        if thing is not config:
            name = f"{thing['kind'].lower()}.yaml"
            text = yaml.safe_dump(plain(thing), sort_keys=False, width=100)
            made[name] = made[name] + "---\n" + text if name in made else HEAD + text
    made["kustomization.yaml"] = HEAD + kustomization(config, set(made) - {"config.yaml"})
    return made


def rendered() -> list[Thing]:
    """What the chart makes of its own values, without its tests."""
    command = [str(resolve("helm")), "template", NAME, str(CHART), "--namespace", NAMESPACE]
    command.append(f"--kube-version={OLDEST}")
    command += [f"--set-json={key}={json.dumps(value)}" for key, value in VALUES.items()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - Helm
    if done.returncode:
        raise RuntimeError(done.stderr)
    things = [thing for thing in yaml.safe_load_all(done.stdout) if thing]
    return [thing for thing in things if not _is_hook(thing)]


def _is_hook(thing: Thing) -> bool:
    return "helm.sh/hook" in (thing["metadata"].get("annotations") or {})


def plain(thing: Thing) -> Thing:
    """An object without what Helm alone needs; kustomize sets its namespace."""
    metadata = {key: value for key, value in thing["metadata"].items() if key != "namespace"}
    _drop(metadata, "labels", HELMS)
    if thing["kind"] == "Deployment":
        template = thing["spec"]["template"]["metadata"]
        _drop(template, "labels", HELMS)
        checksums = [
            key for key in template.get("annotations") or {} if key.startswith("checksum/")
        ]
        _drop(template, "annotations", checksums)
    return {**thing, "metadata": metadata}


def _drop(metadata: Thing, key: str, names: tuple[str, ...] | list[str]) -> None:
    kept = {name: value for name, value in metadata.get(key, {}).items() if name not in names}
    metadata.pop(key, None)
    if kept:
        metadata[key] = kept


def kustomization(config: Thing, resources: set[str]) -> str:
    """What kustomize reads."""
    metadata = plain(config)["metadata"]
    generated = {
        "name": metadata["name"],
        "files": ["config.yaml"],
        "options": {"labels": metadata["labels"]},
    }
    content = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": NAMESPACE,
        "resources": sorted(resources),
        "configMapGenerator": [generated],
    }
    return yaml.safe_dump(content, sort_keys=False, width=100)


def stale(made: dict[str, str]) -> list[Path]:
    """Files that differ from what the chart makes now, or that it makes no more."""
    there = {path.name: path.read_text() for path in BASE.glob("*")}
    return [BASE / name for name in sorted({*made, *there}) if made.get(name) != there.get(name)]


def main(arguments: list[str]) -> int:
    """Write, or compare; 1 where a file is out of date."""
    made = files()
    found = stale(made)
    if arguments == ["--check"]:
        for path in found:
            sys.stderr.write(f"{path.relative_to(ROOT)}: run python -m tools.kustomize\n")
        return 1 if found else 0
    BASE.mkdir(parents=True, exist_ok=True)
    for path in found:
        path.unlink() if path.name not in made else path.write_text(made[path.name])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
