"""Items into PostgreSQL by a pipeline."""

from ..base import Reader


def through(pipeline):
    return {"ITEM_PIPELINES": {f"real.pipelines.{pipeline}": 300}}


class Stored(Reader):
    name = "database_good"
    custom_settings = through("Store")


class CutAtOpen(Reader):
    name = "database_cut_at_open"
    custom_settings = through("CutAtOpen")


class CutInCrawl(Reader):
    name = "database_cut_in_crawl"
    custom_settings = through("CutInCrawl")


class CutWhenCommitted(Reader):
    name = "database_cut_when_committed"
    custom_settings = through("CutWhenCommitted")


class CutAtClose(Reader):
    name = "database_cut_at_close"
    custom_settings = through("CutAtClose")
