# The service in a container: `make image`, or `docker build -t stuck-eval-watchdog .`
#
# The base is an argument: any image with Python 3.11 or newer and pip. A tag moves; what is released
# is built on a digest, which `docker buildx imagetools inspect python:3.13-slim` prints:
#   make image BASE=python:3.13-slim@sha256:…
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
# Three environments: what builds the wheel and what lists the packages stay behind, none holds pip.
RUN python3 -m venv --without-pip /opt/build \
    && python3 -m venv --without-pip /opt/sbom \
    && python3 -m venv --without-pip /opt/watchdog \
    && install -d -o 65532 -g 65532 /var/lib/watchdog
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
COPY requirements/build.txt requirements/postgresql.txt requirements/sbom.txt requirements/
RUN python3 -m pip --python /opt/watchdog/bin/python install \
        --require-hashes --only-binary :all: -r requirements/postgresql.txt \
    && python3 -m pip --python /opt/build/bin/python install --no-compile \
        --require-hashes --only-binary :all: -r requirements/build.txt \
    && python3 -m pip --python /opt/sbom/bin/python install --no-compile \
        --require-hashes --only-binary :all: -r requirements/sbom.txt
COPY LICENSE README.md pyproject.toml stuck_eval_watchdog.py ./
COPY watchdog watchdog
RUN /opt/build/bin/python -m hatchling build --target wheel --directory /dist \
    && python3 -m pip --python /opt/watchdog/bin/python install --no-deps --no-index /dist/*.whl \
    && /opt/sbom/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type application \
        --output-reproducible --output-file /opt/watchdog/sbom.cdx.json /opt/watchdog/bin/python

FROM ${BASE}
ARG BASE
ARG VERSION=0.2.0
ARG REVISION=
ARG CREATED=
ARG SOURCE=
LABEL org.opencontainers.image.title="stuck-eval-watchdog" \
      org.opencontainers.image.description="Finds stuck Inspect AI evaluations and says why" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="${BASE}"
COPY --from=build /opt/watchdog /opt/watchdog
COPY --from=build --chown=65532:65532 /var/lib/watchdog /var/lib/watchdog
ENV PATH=/opt/watchdog/bin:$PATH \
    HOME=/var/lib/watchdog \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=1
# many threads read, few at once: heaps of their own cost an eighth of all memory and save no CPU
WORKDIR /var/lib/watchdog
USER 65532:65532
EXPOSE 9464
# For engines that look at it (Kubernetes has probes of its own). A service that listens elsewhere
# than at port 9464 says so: HEALTHCHECK_URL=http://127.0.0.1:PORT/healthz
ENV HEALTHCHECK_URL=http://127.0.0.1:9464/healthz
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", \
    "import os, urllib.request; urllib.request.urlopen(os.environ['HEALTHCHECK_URL'], timeout=4)"]
ENTRYPOINT ["watchdog"]
CMD ["run"]
