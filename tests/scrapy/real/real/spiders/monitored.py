"""Spidermon in the same process, which looks at the crawl as it closes."""

from ..base import Reader

MONITORS = "real.monitors"


class Monitored(Reader):
    custom_settings = {
        "SPIDERMON_ENABLED": True,
        "EXTENSIONS": {"spidermon.contrib.scrapy.extensions.Spidermon": 500},
        "SPIDERMON_ADD_FIELD_COVERAGE": True,
        "SPIDERMON_SPIDER_CLOSE_MONITORS": [f"{MONITORS}.Right"],
        "SPIDERMON_ENGINE_STOP_MONITORS": [f"{MONITORS}.RightAtTheEnd"],
    }


class Content(Monitored):
    name = "monitored_content"


class Discontent(Monitored):
    name = "monitored_discontent"
    custom_settings = Monitored.custom_settings | {
        "SPIDERMON_MIN_ITEMS": 1000,
        "SPIDERMON_SPIDER_CLOSE_MONITORS": [f"{MONITORS}.Right", f"{MONITORS}.Wants"],
    }


class Mute(Monitored):
    """What a monitor finds is told by an action, and that fails."""

    name = "monitored_mute"
    custom_settings = Monitored.custom_settings | {
        "SPIDERMON_SPIDER_CLOSE_MONITORS": [f"{MONITORS}.Tells"],
    }


class Empty(Discontent):
    """Monitors do not hide what is wrong with the crawl itself."""

    name = "monitored_empty"
    pages = ["/empty"]
