"""The object store keeps what S3 promises."""

import os
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.control_plane.policy import bucket_policy

pytestmark = pytest.mark.control_plane


def code_of(error):
    return error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_objects_are_put_and_got_under_conditions(s3):
    bucket = s3.add_bucket(f"b-{uuid4().hex[:8]}")
    tag = s3.client.put_object(Bucket=bucket, Key="a", Body=b"1", IfNoneMatch="*")["ETag"]
    with pytest.raises(ClientError) as error:
        s3.client.put_object(Bucket=bucket, Key="a", Body=b"2", IfNoneMatch="*")
    assert code_of(error) == 412
    with pytest.raises(ClientError) as error:
        s3.client.get_object(Bucket=bucket, Key="a", IfNoneMatch=tag)
    assert code_of(error) == 304


def test_a_tree_is_put_with_its_times(s3, tmp_path):
    file = tmp_path / ".buffer" / "x" / "manifest.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    bucket = f"b-{uuid4().hex[:8]}"
    assert s3.put_tree(bucket, "evals/set", tmp_path) == 1
    (found,) = s3.client.list_objects_v2(Bucket=bucket, Prefix="evals/set/")["Contents"]
    assert found["Key"] == "evals/set/.buffer/x/manifest.json"
    assert found["LastModified"].timestamp() == 1_700_000_000
    s3.remove_tree(bucket, "evals/")
    assert "Contents" not in s3.client.list_objects_v2(Bucket=bucket)


def test_a_user_may_do_nothing_at_first(s3):
    bucket = s3.add_bucket(f"b-{uuid4().hex[:8]}")
    user = f"u{uuid4().hex[:8]}"
    client = s3.client_for(user, s3.add_user(user))
    with pytest.raises(ClientError) as error:
        client.list_objects_v2(Bucket=bucket)
    assert code_of(error) == 403
    client.close()


def test_an_outage_of_the_store_loses_nothing(s3):
    bucket = s3.add_bucket(f"b-{uuid4().hex[:8]}")
    s3.put(bucket, "a", b"1")
    s3.stop()
    s3.start()
    assert s3.client.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"


def test_under_the_shipped_policy_logs_are_read_and_nothing_else(s3):
    bucket, user = s3.add_bucket(f"b-{uuid4().hex[:8]}"), f"u{uuid4().hex[:8]}"
    client = s3.client_for(user, s3.add_user(user))
    s3.put(bucket, "evals/a/log.eval", b"1")
    s3.put(bucket, "payroll/all.csv", b"2")
    s3.client.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket, "evals/", user))
    where = {"Bucket": bucket, "Key": "evals/a/log.eval"}
    assert client.get_object(**where)["Body"].read() == b"1"
    assert client.list_objects_v2(Bucket=bucket, Prefix="evals/")["KeyCount"] == 1
    refused = {
        "another prefix": lambda: client.get_object(Bucket=bucket, Key="payroll/all.csv"),
        "writing": lambda: client.put_object(**where, Body=b"3"),
        "deleting": lambda: client.delete_object(**where),
        "the policy": lambda: client.put_bucket_policy(Bucket=bucket, Policy="{}"),
    }
    for what, act in refused.items():
        with pytest.raises(ClientError) as error:
            act()
        assert code_of(error) == 403, what
    with pytest.raises(ClientError) as error:
        client.get_object(Bucket=bucket, Key="evals/a/never-written")
    assert code_of(error) == 404, "what isn't there is no missing right"
    client.close()
