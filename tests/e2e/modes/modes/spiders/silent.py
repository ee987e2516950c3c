"""Good crawls that say nothing on stderr, or not enough."""

import logging.config

from ..base import OUT, Reader


class NoStatsDump(Reader):
    name = "no_stats_dump"
    custom_settings = {"STATS_DUMP": False}


class LogLevelError(Reader):
    name = "log_level_error"
    custom_settings = {"LOG_LEVEL": "ERROR"}


class LogFile(Reader):
    name = "log_file"
    custom_settings = {"LOG_FILE": f"{OUT}/log_file.log"}


class NoLog(Reader):
    name = "no_log"
    custom_settings = {"LOG_ENABLED": False}


class NoCoreStats(Reader):
    """As Scrapy's documentation shows how an extension is disabled."""

    name = "no_core_stats"
    custom_settings = {"EXTENSIONS": {"scrapy.extensions.corestats.CoreStats": None}}


class DummyStats(Reader):
    name = "dummy_stats"
    custom_settings = {"STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector"}


class DummyStatsAndRobots(Reader):
    name = "dummy_stats_and_robots"
    custom_settings = {**DummyStats.custom_settings, "ROBOTSTXT_OBEY": True}


class LostWithoutAWord(Reader):
    """A project with logging of its own, which disables every logger that is there."""
    name = "lost_without_a_word"
    custom_settings = {"ITEM_PIPELINES": {"modes.pipelines.CannotClose": 1}}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        logging.config.dictConfig({"version": 1, "disable_existing_loggers": True})


class RefusedWithoutAWord(LostWithoutAWord):
    name = "refused_without_a_word"
    custom_settings = {"ITEM_PIPELINES": {"modes.pipelines.CannotProcess": 1}}
