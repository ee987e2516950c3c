"""What the pages are like."""

import os
import socket

import scrapy
from scrapy.exceptions import IgnoreRequest

from ..base import Reader


class Success(Reader):
    name = "success"


class Empty(Reader):
    name = "empty"
    pages = ["/empty"]


class EmptyAllowed(Empty):
    """Its section says that no item is wanted."""

    name = "empty_allowed"


class LoginRedirect(Reader):
    name = "login_redirect"
    pages = ["/needs-login"]


class FieldGone(Reader):
    """Without PAY no item says what is paid."""

    name = "field_gone"

    def parse(self, response):
        for item in super().parse(response):
            yield item if "PAY" in os.environ else {**item, "pay": None}


class ConnectionRefused(Reader):
    """Asks a port that is taken, and where nobody listens."""

    name = "connection_refused"

    def start_requests(self):
        self.nobody = socket.socket()
        self.nobody.bind(("127.0.0.1", 0))
        yield scrapy.Request("http://127.0.0.1:%d/" % self.nobody.getsockname()[1])


class NoSuchHost(Reader):
    name = "no_such_host"

    def start_requests(self):
        os.environ["RES_OPTIONS"] = "timeout:1 attempts:1"
        yield scrapy.Request("http://nonexistent.invalid/")


class Status500(Reader):
    name = "status_500"
    pages = ["/500"]


class Status429(Reader):
    name = "status_429"
    pages = ["/429"]


class Status403(Reader):
    name = "status_403"
    pages = ["/403"]


class Status404(Reader):
    name = "status_404"
    pages = ["/404"]


class SomeRefused(Reader):
    name = "some_refused"
    pages = ["/ok", "/403", "/404"]


class RedirectLoop(Reader):
    name = "redirect_loop"
    pages = ["/loop"]
    custom_settings = {"REDIRECT_MAX_TIMES": 3}


class Hang(Reader):
    name = "hang"
    pages = ["/slow"]
    custom_settings = {"DOWNLOAD_TIMEOUT": 1}


class SkipsOthers:
    """What is stored already is not fetched again."""

    def process_request(self, request, spider):
        if not request.url.endswith("/ok"):
            raise IgnoreRequest("stored already")


class PassedOver(Reader):
    name = "passed_over"
    pages = ["/ok", "/page/1", "/page/2"]
    custom_settings = {"DOWNLOADER_MIDDLEWARES": {SkipsOthers: 1}}


class ForbidsAll:
    """Of a robots.txt that the site does not have."""

    @classmethod
    def from_crawler(cls, crawler, robotstxt_body):
        return cls()

    def allowed(self, url, user_agent):
        return False


class Forbidden(Reader):
    name = "forbidden"
    custom_settings = {"ROBOTSTXT_OBEY": True, "ROBOTSTXT_PARSER": ForbidsAll}
