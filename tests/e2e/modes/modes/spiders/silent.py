"""Good crawls that say nothing on stderr, or not enough."""

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


class DummyStats(Reader):
    name = "dummy_stats"
    custom_settings = {"STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector"}
