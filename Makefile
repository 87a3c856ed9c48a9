# What can be done here: `make help`. Needs Python 3.11 or newer and make; no pip, no root.

PYTHON ?= $(or $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11, \
	$(shell command -v $(name) 2>/dev/null))),python3)
VENV ?= .venv
ARGS ?=
BEFORE ?=
AFTER ?=
NAMES ?=
IMAGE ?=
BASE ?=

PY := $(VENV)/bin/python
BOOTSTRAP := $(PYTHON) tools/bootstrap.py $(VENV)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo pictures test lint format docs site bench week quality compare kill failover faults fuzz attacks audit recordings matrix packages control-plane chart-docs dist sbom image lock clean with-docs with-inspect with-test with-lint with-quality

help: ## Show this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r name text; do printf '%-21s %s\n' "$$name" "$$text"; done
	@echo
	@echo '  VENV=DIR puts the environment elsewhere than .venv, PYTHON=… names the interpreter,'
	@echo '  ARGS=… goes to pytest, the demo or the benchmark: make test ARGS="-k slack -x"'

demo: with-inspect ## Watch a real evaluation get stuck and be found (one to two minutes)
	@$(PY) -m demo $(ARGS)

pictures: with-test ## Make README's pictures anew from the demo (two minutes; needs Chromium)
	@$(PY) -m tools.pictures $(ARGS)

test: with-test ## Run all tests, acceptance tests included
	@$(PY) -m pytest $(ARGS)

lint: with-lint ## Check style, types, who imports what, and that generated docs are current
	@failed=; \
	$(PY) -m ruff check . || failed="$$failed ruff-check"; \
	$(PY) -m ruff format --check . || failed="$$failed ruff-format"; \
	$(PY) -m mypy || failed="$$failed mypy"; \
	$(VENV)/bin/lint-imports --no-logo || failed="$$failed lint-imports"; \
	$(PY) -m tools.docs --check || failed="$$failed docs"; \
	$(PY) -m tools.deploy --check || failed="$$failed deploy"; \
	if [ -n "$$failed" ]; then echo "failed:$$failed" >&2; exit 1; fi

format: with-lint ## Put the sources into shape
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format .

docs: with-lint ## Generate what comes from the code: pages, rules, dashboards, monitors
	@$(PY) -m tools.docs
	@$(PY) -m tools.deploy

site: with-docs ## Build the documents as a site, strictly: build/site/index.html
	@NO_MKDOCS_2_WARNING=true $(VENV)-docs/bin/python -m mkdocs build --strict $(ARGS)

bench: with-test ## Measure what a poll costs: make bench [ARGS="--size 1000 --mood outage"]
	@status=0; $(PY) -m tests.performance $(ARGS) || status=$$?; \
		case '$(ARGS)' in *--size*) exit $$status;; esac; \
		$(PY) -m tests.performance.exponents $(ARGS) || status=$$?; \
		$(PY) -m tests.performance.cluster || status=$$?; exit $$status

week: with-test ## Simulate a week of the service: memory, threads, descriptors must not grow
	@MALLOC_ARENA_MAX=1 $(PY) -m tests.performance.week $(ARGS)

quality: with-quality ## Measure how good the verdicts are: recordings, simulated fleets and clusters
	@$(PY) -m tests.quality $(ARGS)

compare: with-test ## See that nothing changed: make compare BEFORE=commit [AFTER=commit]
	@$(PY) -m tools.compare $(BEFORE) $(AFTER) $(ARGS)

kill: with-test ## Kill the whole service 200 times while incidents open and end (20 minutes)
	@$(PY) -m tests.acceptance.kill_service 200 $(ARGS)

failover: with-test ## Let the leader of two replicas fail 50 times (20 minutes)
	@$(PY) -m tests.always_on.failover $(ARGS)

faults: with-test ## Fail what it rests on, write the table of docs/operations.md (an hour)
	@$(PY) -m tests.always_on.faults --markdown $(ARGS)

fuzz: with-test ## Fuzz every parser for an hour: make fuzz [ARGS="SECONDS NAME…"]
	@$(PY) -m tests.fuzz $(ARGS)

attacks: with-test ## Measure what hostile inputs cost, write the table of docs/security.md
	@$(PY) -m tests.security $(ARGS)

audit: with-lint ## List licences, and ask for known vulnerabilities of what is locked
	@$(PY) -m tools.audit $(ARGS)

recordings: with-test ## Record scenarios anew from real Inspect runs: make recordings NAMES="a b"
	@command -v faketime >/dev/null || { \
		echo 'recordings need faketime, which runs the clock faster: apt-get install faketime' >&2; \
		exit 1; }
	@$(PY) -m tests.recordings $(NAMES)

matrix: with-test ## Run one evaluation on many releases of Inspect, write docs/compatibility.md
	@$(PY) -m tests.matrix $(ARGS)

packages: with-test ## Install wheel and sdist into every Python at hand, run the unit tests there
	@$(PY) -m tests.packages $(ARGS)

control-plane: ## Build the real cluster parts of the tests (once; needs Go)
	@$(PYTHON) -m tests.control_plane.build

chart-docs: with-test ## Generate the chart's README.md (helm-docs, built once; needs Go)
	@$$($(PY) -m tests.control_plane.build helm-docs | cut -f 2) --chart-search-root helm --sort-values-order file

dist: with-lint ## Build wheel and sdist into dist/
	@$(PY) -m hatchling build --directory dist

sbom: with-lint ## List what an installation holds (CycloneDX), into dist/sbom.cdx.json
	@$(PY) -m tools.sbom $(ARGS)

image: ## Build the image with docker, podman or buildah: make image [IMAGE=…] [BASE=…]
	@IMAGE='$(IMAGE)' BASE='$(BASE)' bash tools/image.sh $(ARGS)

lock: ## Resolve all dependencies anew into requirements/*.txt (needs uv)
	@bash tools/lock.sh

clean: ## Remove the environment and everything that tools left behind
	rm -rf $(VENV) $(VENV)-docs build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

with-docs:
	@$(PYTHON) tools/bootstrap.py $(VENV)-docs docs

with-inspect with-test with-lint with-quality: with-%:
	@$(BOOTSTRAP) $*
