#!/usr/bin/env bash
# Makes requirements/*.txt anew: one resolution of everything, each set a part of it.
# Sets: runtime; postgresql = runtime + psycopg, for an image; inspect = runtime + Inspect AI;
# test = inspect + psycopg, pytest and friends; quality = test + plots and statistics;
# lint = runtime + psycopg and linters; build = what installs the project itself; docs = what makes
# the site, in an environment of its own; sbom = what lists the packages of an image.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v uv >/dev/null; then
    echo "make lock needs uv (any way of installing it will do: pipx install uv)" >&2
    exit 1
fi

all=$(mktemp)
trap 'rm -f "$all"' EXIT

compile() {
    uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url \
        --no-emit-find-links --generate-hashes --upgrade "$@"
}

compile pyproject.toml --extra postgresql --group build --group inspect --group test --group quality --group lint --group sbom -o "$all"
compile --group build -c "$all" -o requirements/build.txt
compile --group sbom -c "$all" -o requirements/sbom.txt
compile pyproject.toml -c "$all" -o requirements/runtime.txt
compile pyproject.toml --extra postgresql -c "$all" -o requirements/postgresql.txt
compile pyproject.toml --group inspect -c "$all" -o requirements/inspect.txt
compile pyproject.toml --extra postgresql --group inspect --group test -c "$all" -o requirements/test.txt
compile pyproject.toml --extra postgresql --group inspect --group test --group quality -c "$all" -o requirements/quality.txt
compile pyproject.toml --extra postgresql --group lint -c "$all" -o requirements/lint.txt
compile --group docs -c "$all" -o requirements/docs.txt
sed -i.bak '/^ *#  *-c /d' requirements/*.txt # the name of a temporary file
rm -f requirements/*.bak
grep -c '==' requirements/*.txt

# Hawk's own command line, for the tests that give it commands: it needs Python 3.13
uv pip compile --quiet --universal --python-version 3.13 --no-header --no-annotate --no-emit-index-url \
    --no-emit-find-links --generate-hashes --upgrade tests/command_lines/hawk.in \
    -o tests/command_lines/hawk.txt
