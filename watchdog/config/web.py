"""The group `web`."""

from pydantic import Field, field_validator

from watchdog.config.section import Duration, Section, Texts


class Web(Section):
    """The page, the API and who may ask for them."""

    hosts: Texts = ()
    """More names that page and API are asked by, such as a service's: `watchdog.monitoring.svc`.
    Always: localhost, IP addresses, the host of `listen` and of `external_url`; `*` is any."""
    probes_listen: str | None = None
    """HOST:PORT where `/healthz`, `/readyz` and `/metrics` are served too, and nothing else."""
    connections: int = Field(default=512, ge=8, le=65_536)
    """At once; beyond it the one that waits the longest makes room. At most a quarter of the
    process's file descriptors."""
    evidence_timeout: Duration = 120
    """For a bundle from the page."""
    evidence_memory: int = Field(default=400 * 1024 * 1024, ge=128 * 1024 * 1024)
    """Bytes that the process may take that writes a bundle for the page."""

    @field_validator("probes_listen")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        host, _, port = (value or "x:0").rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65_535:
            raise ValueError("should be HOST:PORT, such as 0.0.0.0:9465")
        return value
