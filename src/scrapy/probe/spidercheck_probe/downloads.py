"""What becomes of each request, seen behind every middleware and after the last retry."""

import functools

from spidercheck_probe import crawls
from spidercheck_probe.pages import watched


def watch():
    for one in (_watch_failures, _watch_refusals):
        try:
            one()
        except Exception:
            pass


def _tell(how, owner, spider, *args):
    try:
        crawler = getattr(owner, "crawler", None) or getattr(spider, "crawler", None)
        getattr(crawls.find(crawler, spider) or crawls.first(), how)(*args)
    except Exception:
        pass


def _watch_failures():
    from scrapy.core.downloader.middleware import DownloaderMiddlewareManager as Manager

    name = "download_async" if hasattr(Manager, "download_async") else "download"
    original = getattr(Manager, name)

    async def download_async(self, download_func, request, *args, **kwargs):
        try:
            return await original(self, download_func, request, *args, **kwargs)
        except Exception as error:
            _tell("request_failed", self, None, request, error, error.__traceback__)
            raise

    def download(self, download_func, request, spider, *args, **kwargs):
        def failed(failure):
            _tell("request_failed", self, spider, request, failure.value,
                  failure.getTracebackObject())
            return failure

        result = original(self, download_func, request, spider, *args, **kwargs)
        return result.addErrback(failed) if hasattr(result, "addErrback") else result

    setattr(Manager, name, download_async if name == "download_async" else download)
    watched.add("dead")


def _watch_refusals():
    """A page whose status nobody handles is refused; the spider may want others."""
    from scrapy.spidermiddlewares.httperror import HttpError, HttpErrorMiddleware

    original = HttpErrorMiddleware.process_spider_exception

    @functools.wraps(original)
    def process_spider_exception(self, response, exception, *args, **kwargs):
        if isinstance(exception, HttpError):
            _tell("response_refused", self, args[0] if args else kwargs.get("spider"), response)
        return original(self, response, exception, *args, **kwargs)

    HttpErrorMiddleware.process_spider_exception = process_spider_exception
    watched.add("refused")
