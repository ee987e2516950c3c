"""Monitors as projects have them."""

from spidermon import Monitor, MonitorSuite, monitors
from spidermon.contrib.scrapy.monitors import FinishReasonMonitor, ItemCountMonitor
from spidermon.core.actions import Action


class Statistics(Monitor):
    @monitors.name("The statistics are right")
    def test_statistics(self):
        wanted = {"item_scraped_count": 20, "response_received_count": 1,
                  "finish_reason": "finished", "spidermon_field_coverage/dict/title": 1.0}
        self.assertEqual(wanted, {name: self.data.stats.get(name) for name in wanted})
        self.assertNotIn("log_count/ERROR", self.data.stats)


class Right(MonitorSuite):
    monitors = [Statistics, FinishReasonMonitor]


class Finished(Monitor):
    @monitors.name("The crawl has finished")
    def test_finished(self):
        self.assertEqual(self.data.stats["finish_reason"], "finished")


class RightAtTheEnd(MonitorSuite):
    monitors = [Finished]


class Wants(MonitorSuite):
    monitors = [ItemCountMonitor]


class Mail(Action):
    name = "Mail the summary"

    def run_action(self):
        raise OSError("the mail server is away")


class Tells(Right):
    monitors_finished_actions = [Mail]
