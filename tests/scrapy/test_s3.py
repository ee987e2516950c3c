"""Feeds that are uploaded to S3 as the crawl closes."""

import pytest

from crawl_modes import check, failed, ok
from software import crawled, each, real, served, site

pytestmark = pytest.mark.xdist_group("s3")

# From its fourth action on, it takes only the key that it has given.
S3 = """
import json, os, sys
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "4"
import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
url = f"http://{host}:{port}"
options = {"endpoint_url": url, "region_name": "us-east-1", "aws_access_key_id": "a",
           "aws_secret_access_key": "b"}
boto3.client("s3", **options).create_bucket(Bucket="jobs")
users = boto3.client("iam", **options)
users.create_user(UserName="shop")
users.put_user_policy(UserName="shop", PolicyName="all", PolicyDocument=json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}))
key = users.create_access_key(UserName="shop")["AccessKey"]
print(json.dumps({"S3_URL": url, "S3_KEY": key["AccessKeyId"],
                  "S3_SECRET": key["SecretAccessKey"]}), flush=True)
sys.stdin.read()
"""
LOST = "1 feed could not be stored"
MODES = [
    ok("s3_good"),
    failed("s3_no_bucket", f"{LOST}.*NoSuchBucket", items=20),
    failed("s3_wrong_key", f"{LOST}.*SignatureDoesNotMatch", items=20),
    failed("s3_away", f"{LOST}.*Could not connect", items=20),
]


@pytest.fixture(scope="module")
def outcomes(real):
    with served(S3) as env:
        yield crawled(real, "s3", MODES, **env)


@each(MODES)
def test_a_crawl_is_judged_by_its_upload(outcomes, mode):
    check(outcomes[mode.name], mode)
