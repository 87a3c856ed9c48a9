"""A bucket's listing by boto3, for prefixes in which some key has an empty part (`a//b`).

obstore refuses the whole listing then, and one stray key would hide all eval sets.
"""

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from watchdog.collect.limits import LISTED
from watchdog.collect.stores.objects import FileMeta, Folder, StoreError
from watchdog.config.s3 import S3

INVALID = "invalid path"
"""What obstore says of such a listing."""


class ListingError(Exception):
    """S3 refused; the text has its status and code as obstore writes them."""


def list_level(
    session: boto3.Session, settings: S3, endpoint: str | None, bucket: str, prefix: str
) -> Folder:
    """One level below `prefix` (empty, or ending in `/`); keys with an empty part are left out.

    Raises:
        ListingError: S3 refused.
        StoreError: `too_large`: there is more than is listed.
        BotoCoreError: it could not be asked.
    """
    config = Config(
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.timeout,
        retries={"total_max_attempts": settings.retries + 1, "mode": "standard"},
    )
    client = session.client("s3", endpoint_url=endpoint, config=config)
    files: list[FileMeta] = []
    folders: list[str] = []
    try:
        pages = client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=prefix, Delimiter="/"):
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
    finally:
        client.close()
    named_files = sorted((file for file in files if file.name), key=lambda file: file.name)
    return Folder(tuple(named_files), tuple(sorted(filter(None, folders))))
