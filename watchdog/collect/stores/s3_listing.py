"""A bucket's listing by boto3, each page of it checked to be one (`s3_pages`).

For prefixes in which some key has an empty part (`a//b`): obstore refuses the whole listing then,
and one stray key would hide all eval sets. And where a listing shows less than the last one:
obstore reads an HTML page as an empty listing, and doesn't show what it read.
"""

import time
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from watchdog.collect.limits import LISTED
from watchdog.collect.stores.objects import FileMeta, Folder, StoreError
from watchdog.collect.stores.s3_pages import (
    NO_LISTING,
    PAGES_MAX,
    Page,
    is_listing,
    why_not,
)
from watchdog.config.s3 import S3

INVALID = "invalid path"
"""What obstore says of such a listing."""


OK = 200


class ListingError(Exception):
    """S3 refused; the text has its status and code as obstore writes them."""


class NoListingError(Exception):
    """The answer is no listing; the text says what it is."""


def listing_client(session: boto3.Session, settings: S3, endpoint: str | None) -> Any:  # noqa: ANN401
    """A client for listings; it may be used from several threads."""
    config = Config(
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.timeout,
        retries={"total_max_attempts": settings.retries + 1, "mode": "standard"},
    )
    client = session.client("s3", endpoint_url=endpoint, config=config)
    client.meta.events.register("before-parse.s3.ListObjectsV2", _check_root)
    return client


def _check_root(response_dict: dict[str, Any], **_: object) -> None:
    """Botocore's parser takes any XML for what it asked for."""
    if response_dict["status_code"] == OK and not is_listing(response_dict["body"]):
        raise NoListingError(NO_LISTING)


def list_level(client: Any, bucket: str, prefix: str, seconds: float) -> Folder:  # noqa: ANN401
    """One level below `prefix` (empty, or ending in `/`); keys with an empty part are left out.

    `seconds` is how long all its pages may take.

    Raises:
        ListingError: S3 refused.
        NoListingError: what came is no listing, or not the one that was asked for.
        StoreError: `too_large`: there is more than is listed.
        BotoCoreError: it could not be asked.
        TimeoutError: it takes too long.
    """
    files: list[FileMeta] = []
    folders: list[str] = []
    try:
        for page in _pages(client, bucket, prefix, time.monotonic() + seconds):
            folders += [
                one["Prefix"][len(prefix) :].rstrip("/") for one in page.get("CommonPrefixes", ())
            ]
            files += [
                FileMeta(
                    one["Key"][len(prefix) :],
                    one["Size"],
                    one["LastModified"].timestamp(),
                    one["ETag"],
                )
                for one in page.get("Contents", ())
            ]
            if len(files) + len(folders) > LISTED.value:
                raise StoreError("too_large", f"s3://{bucket}/{prefix} has {LISTED.more}")
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        text = f"status code: {status} <Code>{error.response['Error']['Code']}</Code>"
        raise ListingError(text) from error
    except KeyError as error:
        raise NoListingError(f"a listing with an entry without {error}") from error
    named_files = sorted((file for file in files if file.name), key=lambda file: file.name)
    return Folder(tuple(named_files), tuple(sorted(filter(None, folders))))


def _pages(client: Any, bucket: str, prefix: str, deadline: float) -> Iterator[Page]:  # noqa: ANN401
    """The pages, each of them checked; botocore's own paginator ends in silence where one isn't."""
    token: str | None = None
    for _ in range(PAGES_MAX):
        if time.monotonic() > deadline:
            raise TimeoutError("the listing timed out")
        more = {} if token is None else {"ContinuationToken": token}
        page = client.list_objects_v2(Bucket=bucket, Prefix=prefix, Delimiter="/", **more)
        if why := why_not(page, bucket, prefix, token):
            raise NoListingError(why)
        yield page
        if not page["IsTruncated"]:
            return
        token = page["NextContinuationToken"]
    raise NoListingError(f"a listing of more than {PAGES_MAX:,} pages")
