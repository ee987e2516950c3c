"""What the project asks for and Scrapy disables: it takes NotConfigured for a wish."""

MOST_SWITCHED_OFF = 50
SETTINGS = {"item pipeline": "ITEM_PIPELINES", "extension": "EXTENSIONS",
            "spider middleware": "SPIDER_MIDDLEWARES",
            "downloader middleware": "DOWNLOADER_MIDDLEWARES"}

_declined = []  # what raised NotConfigured, as it was loaded
_switched_off = []  # (crawler, what the project asked for and does not get)
_feed = {}  # the one that was looked at last, and what was wrong with it


def watch():
    for one in (_watch_managers, _watch_feeds):
        try:
            one()
        except Exception:
            pass


def _note(crawler, fact):
    if fact and len(_switched_off) < MOST_SWITCHED_OFF:
        _switched_off.append((crawler, fact))


def switched_off(crawler):
    """Forgets it, too: a program may crawl again and again."""
    facts = [fact for other, fact in _switched_off if other is crawler]
    _switched_off[:] = [pair for pair in _switched_off if pair[0] is not crawler]
    return facts


def _watch_managers():
    from scrapy import middleware

    original = middleware.MiddlewareManager.from_crawler.__func__

    def from_crawler(cls, crawler, *args, **kwargs):
        begin = len(_declined)
        manager = original(cls, crawler, *args, **kwargs)
        try:
            for what, error in _declined[begin:]:
                _note(crawler, _fact(cls.component_name, crawler, what, error))
            del _declined[begin:]
        except Exception:
            pass
        return manager

    middleware.MiddlewareManager.from_crawler = classmethod(from_crawler)
    for name in ("load_object", "create_instance", "build_from_crawler"):
        if hasattr(middleware, name):
            setattr(middleware, name, _noting_declined(getattr(middleware, name)))


def _noting_declined(original):
    from scrapy.exceptions import NotConfigured

    def function(what, *args, **kwargs):
        try:
            return original(what, *args, **kwargs)
        except NotConfigured as error:
            _declined.append((what, error))
            raise

    return function


def _fact(component, crawler, what, error):
    if _is_feeds(what):
        if not crawler.settings.get("FEEDS") and not crawler.settings.get("FEED_URI"):
            return None
        from spidercheck_probe import feeds

        return feeds.switched_off(crawler.settings, _feed)
    if not crawler.settings.get(SETTINGS[component]):
        return None
    from spidercheck_probe import switched_off as off

    return off.component(component, SETTINGS[component], crawler.settings, what, error)


def _is_feeds(what):
    from scrapy.extensions.feedexport import FeedExporter

    return isinstance(what, type) and issubclass(what, FeedExporter)


def _watch_feeds():
    """One feed that cannot work disables them all, with no more than a line in the log."""
    from scrapy.extensions import feedexport

    supported = feedexport.FeedExporter._storage_supported
    original = feedexport.logger.error

    def _storage_supported(self, uri, *args, **kwargs):
        _feed.update(uri=str(uri), why="")
        return supported(self, uri, *args, **kwargs)

    def error(message, *args, **kwargs):
        try:
            from spidercheck_probe import feeds

            _feed.update(feeds.what_is_wrong(str(message), args))
        except Exception:
            pass
        return original(message, *args, **kwargs)

    feedexport.FeedExporter._storage_supported = _storage_supported
    feedexport.logger.error = error
