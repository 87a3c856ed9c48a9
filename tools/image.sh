#!/usr/bin/env bash
# Builds the image with whatever there is: docker, podman or buildah. `make image [IMAGE=…] [BASE=…]`
# ENGINE names one of them. More arguments go to the builder (`--push`, `--platform …`, `--volume …`).
set -euo pipefail
cd "$(dirname "$0")/.."

image=${IMAGE:-stuck-eval-watchdog:$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)}

# What is known of the sources; a tree that differs from its commit says so.
revision=
created=$(date -u +%Y-%m-%dT%H:%M:%SZ)
if git rev-parse --verify --quiet HEAD >/dev/null 2>&1; then
    revision=$(git rev-parse HEAD)
    created=$(TZ=UTC git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ)
    git diff --quiet HEAD || revision=$revision-dirty
fi

arguments=(--build-arg "REVISION=$revision" --build-arg "CREATED=$created")
[ -z "${BASE:-}" ] || arguments+=(--build-arg "BASE=$BASE")
[ -z "${SOURCE:-}" ] || arguments+=(--build-arg "SOURCE=$SOURCE")

engine() {
    if docker info >/dev/null 2>&1; then
        echo docker
    else
        command -v podman || command -v buildah || {
            echo "make image needs a docker that runs, podman or buildah" >&2
            return 1
        }
    fi
}

# the format docker keeps the health check, which OCI's has no place for
builder=${ENGINE:-$(engine)}
[ "$(basename "$builder")" = docker ] || arguments+=(--format docker)
exec "$builder" build --tag "$image" "${arguments[@]}" "$@" .
