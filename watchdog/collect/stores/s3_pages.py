"""Whether an answer is the page of a listing that was asked for. Pure.

Both clients read any XML as a listing: an HTML page, an `<Error>` or another bucket's listing,
sent with 200, gives an empty one (obstore and boto3 alike). What is checked is in every answer of
ListObjectsV2 (S3's API reference, "ListObjectsV2", Response Syntax).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

PAGES_MAX = 10_000
"""Pages of a thousand keys each; more than anybody has in one folder."""
NO_LISTING = "no listing (no ListBucketResult)"
_ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>\s*)?<(?:\w{1,40}:)?ListBucketResult[\s/>]"
)
ALIASES = ("-s3alias", "--ol-s3")
"""How names of access points end, which stand in a bucket's place and answer with its name."""

Page = Mapping[str, Any]


def is_listing(body: bytes) -> bool:
    """Whether an answer's XML has the root of a listing."""
    return _ROOT.match(body) is not None


def why_not(page: Page, bucket: str, prefix: str, token: str | None) -> str:
    """Why a parsed answer is no page of the listing that was asked for; empty where it is.

    Args:
        page: as botocore parsed it.
        bucket: what was asked for.
        prefix: the same; empty, or ending in `/`.
        token: the page that was asked for, None for the first.
    """
    name = page.get("Name")
    if not name or "IsTruncated" not in page:
        return NO_LISTING
    if name != bucket and not bucket.endswith(ALIASES):
        return f"the listing of another bucket, {name!r:.80}"
    if page.get("Prefix", "") != prefix:
        return f"the listing of another prefix, {page.get('Prefix')!r:.80}"
    if (page.get("ContinuationToken") or None) != token:
        return "another page of the listing"
    if page["IsTruncated"] and page.get("NextContinuationToken") in {None, "", token}:
        return "a part of a listing that doesn't tell how it goes on"
    return _why_not_keys(page, prefix)


def _why_not_keys(page: Page, prefix: str) -> str:
    keys = [one.get("Key", "") for one in page.get("Contents", ())]
    folders = [one.get("Prefix", "") for one in page.get("CommonPrefixes", ())]
    # some servers count the keys alone, AWS the folders too
    if page.get("KeyCount", 0) > len(keys) + len(folders):
        return f"a listing of {page['KeyCount']} keys with {len(keys) + len(folders)} in it"
    return outside((*keys, *folders), prefix)


def outside(names: Iterable[str], prefix: str, levels: int | None = None) -> str:
    """Why names are none of a listing of `prefix`; empty where all are.

    With `levels` they lie no deeper below it than that, which holds of a client's paths: what it
    can't take its own prefix off it gives whole.
    """
    for name in names:
        rest = name.removeprefix(prefix).strip("/")
        is_below = name.startswith(prefix)
        if not is_below or (levels is not None and rest.count("/") >= levels):
            return f"a listing with a key of elsewhere, {name!r:.80}"
    return ""
