"""What becomes of good items."""

from ..base import OUT, Reader, pipeline


class OpenSpiderRaises(Reader):
    name = "open_spider_raises"
    custom_settings = pipeline("CannotOpen")


class ProcessItemRaises(Reader):
    name = "process_item_raises"
    custom_settings = pipeline("CannotProcess")


class AllDropped(Reader):
    name = "all_dropped"
    custom_settings = pipeline("DropsAll")


class HalfDropped(Reader):
    name = "half_dropped"
    custom_settings = pipeline("DropsHalf")


class CloseSpiderRaises(Reader):
    name = "close_spider_raises"
    custom_settings = pipeline("CannotClose")


class FeedKept(Reader):
    name = "feed_kept"
    custom_settings = {
        "FEEDS": {f"{OUT}/%(name)s.jsonl": {"format": "jsonlines", "overwrite": True}},
    }


class FeedLost(Reader):
    name = "feed_lost"
    custom_settings = {"FEEDS": {"/dev/full": {"format": "jsonlines", "overwrite": False}}}


class FeedUnopened(Reader):
    name = "feed_unopened"
    custom_settings = {"FEEDS": {"/dev/null/out/items.jsonl": {"format": "jsonlines"}}}


class PipelineOff(Reader):
    name = "pipeline_off"
    custom_settings = pipeline("SwitchedOff")


class FeedOff(Reader):
    name = "feed_off"
    custom_settings = {"FEEDS": {"parcel://depot/items.csv": {"format": "csv"}}}


class MiddlewareOff(Reader):
    name = "middleware_off"
    custom_settings = {"SPIDER_MIDDLEWARES": {"modes.pipelines.SwitchedOff": 1}}
