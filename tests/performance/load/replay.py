"""The bare requests: what the service asked a store in some polls, asked again by other clients.

In a process of its own (`tests.performance.workers`): nothing is read of what comes back.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import NotModifiedError
from obstore.store import S3Store

from tests.performance.load.store import BUCKET, Request
from tests.performance.workers import own_cpu

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONCURRENCY = 32
REGION = "us-east-1"


@dataclass
class _State:
    etags: dict[str, str] = field(default_factory=dict)


_STATE = _State()


def by_obstore(requests: list[Request], url: str, keys: tuple[str, str]) -> float:
    """Seconds of CPU of asking by obstore, the faster of S3's clients."""
    store = S3Store(
        BUCKET,
        endpoint=url,
        region=REGION,
        access_key_id=keys[0],
        secret_access_key=keys[1],
        client_options={"allow_http": True},
    )
    asyncio.run(_learn_etags(store, requests))
    before = own_cpu()
    asyncio.run(_ask_all(store, requests))
    return own_cpu() - before


async def _learn_etags(store: S3Store, requests: list[Request]) -> None:
    slots = asyncio.Semaphore(CONCURRENCY)

    async def ask(key: str) -> None:
        async with slots:
            _STATE.etags[key] = (await obstore.head_async(store, key))["e_tag"] or ""

    due = {one.key for one in requests if one.status == 304} - _STATE.etags.keys()
    await asyncio.gather(*map(ask, due))


async def _ask_all(store: S3Store, requests: list[Request]) -> None:
    slots = asyncio.Semaphore(CONCURRENCY)

    async def ask(request: Request) -> None:
        async with slots:
            await _ask(store, request)

    await asyncio.gather(*map(ask, requests))


async def _ask(store: S3Store, request: Request) -> None:
    if not request.key:
        await obstore.list_with_delimiter_async(store, request.query.get("prefix", ""))
        return
    options: dict[str, Any] = {}
    if request.status == 304:
        options = {"if_none_match": _STATE.etags[request.key]}
    elif request.status == 206:
        options = {"range": (0, max(1, request.size))}
    try:
        got = await obstore.get_async(store, request.key, options=options)
        await got.bytes_async()
    except (NotModifiedError, FileNotFoundError):
        return


def by_boto3(requests: list[Request], url: str, keys: tuple[str, str]) -> float:
    """Seconds of CPU of asking by boto3, in threads."""
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        config=Config(max_pool_connections=CONCURRENCY, s3={"addressing_style": "path"}),
    )
    asked = [one for one in requests if one.status in {200, 206, 304}]
    for one in asked:
        if one.status == 304 and one.key not in _STATE.etags:
            _STATE.etags[one.key] = client.head_object(Bucket=BUCKET, Key=one.key)["ETag"]
    time.sleep(0)
    before = own_cpu()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: _by_boto3(client, one), asked))
    return own_cpu() - before


def _by_boto3(client: S3Client, request: Request) -> None:
    from botocore.exceptions import ClientError  # noqa: PLC0415

    if not request.key:
        client.list_objects_v2(Bucket=BUCKET, Prefix=request.query.get("prefix", ""), Delimiter="/")
        return
    more: dict[str, Any] = {}
    if request.status == 304:
        more = {"IfNoneMatch": _STATE.etags[request.key]}
    elif request.status == 206:
        more = {"Range": f"bytes=0-{max(0, request.size - 1)}"}
    try:
        client.get_object(Bucket=BUCKET, Key=request.key, **more)["Body"].read()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 304:
            raise
