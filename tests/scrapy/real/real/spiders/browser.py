"""Pages whose items come by JavaScript, in Debian's Chromium behind scrapy-playwright."""

import asyncio
import os
import pathlib
import subprocess

import scrapy
from scrapy_playwright.page import PageMethod

from ..base import Reader

CHROMIUM = "/usr/bin/chromium"
OPTIONS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
OUT = pathlib.Path(os.environ["OUT"])


class Browser(Reader):
    """Two items of each page, one page after the other."""

    pages = [f"/script/{number}" for number in range(4)]
    custom_settings = {
        "CONCURRENT_REQUESTS": 1,
        "DOWNLOAD_HANDLERS": {"http": "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"},
        "PLAYWRIGHT_LAUNCH_OPTIONS": {"executable_path": CHROMIUM, "args": OPTIONS},
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": 20000,
    }

    async def start(self):
        for page in self.pages:
            yield self.request(page, PageMethod("wait_for_selector", "li.item"))

    @staticmethod
    def request(page, *methods):
        return scrapy.Request(os.environ["SITE"] + page,
                              meta={"playwright": True, "playwright_page_methods": methods})


class Good(Browser):
    name = "browser_good"


async def crash_browser(page):
    session = await page.context.browser.new_browser_cdp_session()
    await session.send("Browser.crash")


async def crash_tab(page):
    session = await page.context.new_cdp_session(page)
    crash = asyncio.ensure_future(session.send("Page.crash"))  # which is never answered
    try:
        await page.wait_for_selector("#never")
    finally:
        crash.cancel()


class Crashes(Browser):
    """The whole browser, each time this page is tried."""

    name = "browser_crashes"

    async def start(self):
        yield self.request("/script/0")
        yield self.request("/ok", PageMethod(crash_browser))
        yield self.request("/script/1")


class TabCrashes(Browser):
    name = "browser_tab_crashes"

    async def start(self):
        yield self.request("/script/0")
        yield self.request("/ok", PageMethod(crash_tab))
        yield self.request("/script/1")


class OnePageNeverLoads(Browser):
    name = "browser_one_page_never_loads"
    pages = ["/script/0", "/slow"]
    custom_settings = Browser.custom_settings | {"PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": 2000}


class NoPageLoads(OnePageNeverLoads):
    name = "browser_no_page_loads"
    pages = ["/slow"]


class WaitsForEver(OnePageNeverLoads):
    name = "browser_waits_for_ever"
    custom_settings = Browser.custom_settings | {"PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": 0}


class Leaves(Browser):
    """Without a word to the browser, which is left."""

    name = "browser_is_left"

    def parse(self, response):
        (OUT / self.name).write_text("\n".join(self.browsers()))
        os._exit(0)

    @staticmethod
    def browsers():
        """The pids of all that has its files where this crawl has them."""
        own = os.environ["TMPDIR"].encode()
        return [path.parent.name for path in pathlib.Path("/proc").glob("[1-9]*/cmdline")
                if own in path.read_bytes()]


class Outlives(Reader):
    """A browser of the spider's own, in a session of its own, that nothing ends."""

    name = "browser_outlives"

    def closed(self, reason):
        browser = subprocess.Popen(
            [CHROMIUM, "--headless=new", "--remote-debugging-port=0", *OPTIONS,
             f"--user-data-dir={os.environ['TMPDIR']}/profile", "about:blank"],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
        while "DevTools listening" not in browser.stderr.readline():
            pass
        (OUT / self.name).write_text(str(browser.pid))
