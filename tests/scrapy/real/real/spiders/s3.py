"""Feeds that are put into S3 when the crawl ends."""

import os

from ..base import Reader


def feeds(bucket):
    return {"FEEDS": {f"s3://{bucket}/%(name)s.jsonl": {"format": "jsonlines"}},
            "AWS_ACCESS_KEY_ID": os.environ.get("S3_KEY"),
            "AWS_SECRET_ACCESS_KEY": os.environ.get("S3_SECRET"),
            "AWS_REGION_NAME": "us-east-1",
            "AWS_ENDPOINT_URL": os.environ.get("S3_URL")}


class Uploaded(Reader):
    name = "s3_good"
    custom_settings = feeds("jobs")


class NoBucket(Reader):
    name = "s3_no_bucket"
    custom_settings = feeds("nothing")


class WrongKey(Reader):
    name = "s3_wrong_key"
    custom_settings = feeds("jobs") | {"AWS_SECRET_ACCESS_KEY": "wrong"}


class Away(Reader):
    name = "s3_away"
    custom_settings = feeds("jobs") | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
