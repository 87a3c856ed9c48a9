"""The group `s3`."""

from pydantic import Field

from watchdog.config.section import PositiveSeconds, Section


class S3(Section):
    """How S3 is reached; what is not set is taken from boto3's usual sources."""

    endpoint_url: str | None = None
    """Address of an S3-compatible server."""
    region: str | None = None
    """The bucket's region."""
    profile: str | None = None
    """A profile of the AWS configuration files."""
    timeout: PositiveSeconds = 30
    """Seconds for one request."""
    connect_timeout: PositiveSeconds = 5
    """Seconds to connect."""
    retries: int = Field(default=3, ge=0, le=20)
    """Tries after a failed request, with jittered back-off."""
