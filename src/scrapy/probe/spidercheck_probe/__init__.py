"""Tells spider-check what crawls do, from the inside, without a change to them.

Scrapy loads it as an entry point of `scrapy.commands`, because its directory is on PYTHONPATH; in other
programs `script/sitecustomize.py` loads it. Where SPIDERCHECK_REPORT names a file, it appends one
JSON object a line to it; where not, it does nothing. It changes no setting, and whatever fails in
here fails silently: a crawl matters more than a report.

Records, each with "kind", "token" and "process"; those of one crawl with its number in this
process, "crawl", from 0 on:
  start     the process has loaded Scrapy             python, scrapy, unusable
  spiders   what `scrapy list` found                  names
  crawl     a crawl begins                            name, log_file
  progress  at most once a second, on change          items, pages, errors
  error     the first of its kind; at most 20         place, text
  crash     an exception ended the crawl, or, without
            "crawl", the process                      place, text
  closing   the crawl begins to close
  closed    the spider closed                         reason
  end       the engine stopped                        own, stats, fields, errors,
                                                      switched_off
  exit      Python ends

own holds the probe's counts: items, dropped, pages (responses, robots and statuses among them),
refused (no spider wanted the status), dead (failed by the site or the network to the end),
forbidden (by robots.txt), seen_before (requests that an earlier run with this jobdir made),
exceptions, errors, closing_errors (what keeps the items could not be closed), late_errors (others
logged them meanwhile), page_errors (say what dead and refused say, too), lost_feeds, and the reason
of the spider's end. unusable tells the patterns of SPIDERCHECK_IGNORE that do not compile.
switched_off tells what the project asks for and Scrapy disabled, each with "what" (pipeline, feed,
extension, spider middleware, downloader middleware, download handler, addon), "name", "why" (or
""), "count" (of feeds) and "wished" (whether a setting of the project says so).

What only a failure needs is imported where it is used: most crawls start without it.
Plain Python 3.5, so that every Scrapy from 1.8 on reads it.
"""

import atexit
import importlib
import sys

from scrapy.commands import ScrapyCommand

from spidercheck_probe import report


def begin():
    for name in ("components", "downloads", "crawls", "spider_list", "crashes"):
        try:
            importlib.import_module(__name__ + "." + name).watch()
        except Exception:
            pass
    atexit.register(report.emit, "exit")
    start()


def start():
    import scrapy
    from spidercheck_probe import ignored

    more = {"unusable": ignored.unusable} if ignored.unusable else {}
    report.emit("start", python=sys.version.split()[0], scrapy=report.text(scrapy.__version__),
                **more)


class Command(ScrapyCommand):
    """Scrapy wants a command behind the entry point; there is nothing to command."""

    requires_project = False
    default_settings = {"LOG_ENABLED": False}

    def short_desc(self):
        return "Reports to spider-check what a crawl does (nothing to call)"

    def run(self, args, opts):
        print("spidercheck-probe is called by spider-check, not by people")


if report.path:
    begin()
