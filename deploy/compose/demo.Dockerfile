# The demo's evaluation: real Inspect, a scripted provider, no network but the S3 server's.
ARG BASE=python:3.13-slim
FROM ${BASE}
WORKDIR /demo
COPY requirements/inspect.txt requirements/
RUN python3 -m pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: -r requirements/inspect.txt
COPY demo demo
ENV HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
ENTRYPOINT ["python3", "-m", "demo.evaluation"]
