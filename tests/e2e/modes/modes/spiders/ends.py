"""Ends that Scrapy knows nothing of, or not enough."""

import os
import signal
import sys

from ..base import Reader


def send_oneself(number):
    os.kill(os.getpid(), number)


class OsExit(Reader):
    name = "os_exit"

    def parse(self, response):
        os._exit(0)


class SysExit(Reader):
    name = "sys_exit"

    def parse(self, response):
        sys.exit()


class TermOnce(Reader):
    """While there is another page to fetch, for else it might have finished already."""

    name = "term_once"
    number = signal.SIGTERM

    def parse(self, response):
        yield from super().parse(response)
        yield self.request("/empty").replace(callback=super().parse)
        send_oneself(self.number)


class IntOnce(TermOnce):
    name = "int_once"
    number = signal.SIGINT


class TermTwice(Reader):
    """What still waits for its turn is never fetched, and the crawl never closes."""

    name = "term_twice"
    pages = ["/ok"] * 3
    custom_settings = {"DOWNLOAD_DELAY": 60}

    def parse(self, response):
        yield from super().parse(response)
        send_oneself(signal.SIGTERM)
        send_oneself(signal.SIGTERM)


class IntThenTerm(TermTwice):
    name = "int_then_term"

    def parse(self, response):
        send_oneself(signal.SIGINT)
        send_oneself(signal.SIGTERM)


class TermEarly(Reader):
    """Before Scrapy handles the signal."""

    name = "term_early"

    @classmethod
    def update_settings(cls, settings):
        send_oneself(signal.SIGTERM)


class Waits(Reader):
    """For a page that does not come, patiently."""

    pages = ["/ok", "/slow"]
    custom_settings = {"DOWNLOAD_TIMEOUT": 300}


class TooSlow(Waits):
    name = "too_slow"


class Stalls(Waits):
    name = "stalls"


class Killed(Reader):
    name = "killed"

    def parse(self, response):
        send_oneself(signal.SIGKILL)


class HungUp(Reader):
    """The signal ends the process, even where it was started by nohup."""

    name = "hung_up"

    def parse(self, response):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        send_oneself(signal.SIGHUP)


class Quit(Reader):
    """Also where the tests were started in the background of a shell, which ignores the signal."""

    name = "quit"

    def parse(self, response):
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
        send_oneself(signal.SIGQUIT)


class Usr1(Reader):
    name = "usr1"

    def parse(self, response):
        send_oneself(signal.SIGUSR1)
