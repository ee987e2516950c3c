"""What the project asks for and Scrapy disables: it takes NotConfigured for a wish."""

import functools

MAX_SWITCHED_OFF = 50
SETTINGS = {"item pipeline": "ITEM_PIPELINES", "extension": "EXTENSIONS",
            "spider middleware": "SPIDER_MIDDLEWARES",
            "downloader middleware": "DOWNLOADER_MIDDLEWARES"}

_declined = []  # what raised NotConfigured, as it was loaded
_switched_off = []  # (crawler, what the project asked for and does not get)
_feed = {}  # the one that was looked at last, and what was wrong with it


def watch():
    for one in (_watch_managers, _watch_addons, _watch_feeds, _watch_opening):
        try:
            one()
        except Exception:
            pass


def _note(crawler, fact):
    if fact and len(_switched_off) < MAX_SWITCHED_OFF:
        _switched_off.append((crawler, fact))


def switched_off(crawler):
    """Forgets it, too: a program may crawl again and again."""
    facts = [fact for other, fact in _switched_off if other is crawler]
    _switched_off[:] = [pair for pair in _switched_off if pair[0] is not crawler]
    try:
        facts += _switched_off_handlers(crawler)
    except Exception:
        pass
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


def _watch_addons():
    """One that declines as it is loaded, or as it changes the settings, which is only logged."""
    from scrapy import addons

    original, warning = addons.AddonManager.load_settings, addons.logger.warning
    build = _noting_declined(addons.build_from_crawler)
    built = []  # [class, addon, why it declines]

    def build_from_crawler(what, *args, **kwargs):
        addon = build(what, *args, **kwargs)
        built.append([what, addon, ""])
        return addon

    def warn(message, *args, **kwargs):
        why = args[0].get("eargs") if args and isinstance(args[0], dict) else ""
        if built and all(error.args[:1] != (why,) for _, error in _declined):
            built[-1][2] = why
        return warning(message, *args, **kwargs)

    def load_settings(self, *args, **kwargs):
        del built[:], _declined[:]
        original(self, *args, **kwargs)
        try:
            _note_addons(self, built)
            del built[:], _declined[:]
        except Exception:
            pass

    addons.AddonManager.load_settings = load_settings
    addons.build_from_crawler = build_from_crawler
    addons.load_object = _noting_declined(addons.load_object)
    addons.logger.warning = warn


def _note_addons(manager, built):
    gone = [(what, None, why) for what, addon, why in built
            if not any(addon is other for other in manager.addons)]
    declined = [(what, error, "") for what, error in _declined]
    if not gone and not declined:
        return
    from spidercheck_probe import switched_off as off

    for what, error, why in declined + gone:
        _note(manager.crawler, off.fact("addon", what, error, why))


def _switched_off_handlers(crawler):
    """Known once a page of their scheme was asked for; what raises no NotConfigured logs it."""
    handlers = crawler.engine.downloader.handlers
    asked = crawler.settings.get("DOWNLOAD_HANDLERS") or {}
    schemes = [scheme for scheme in handlers._notconfigured if asked.get(scheme)]
    if not schemes:
        return []
    from spidercheck_probe import switched_off as off

    return [off.fact("download handler", asked[scheme], None, handlers._notconfigured[scheme])
            for scheme in schemes]


def _watch_opening():
    """Where Twisted passes an exception on, it takes its trace away."""
    from scrapy import middleware

    original = middleware.MiddlewareManager.open_spider

    @functools.wraps(original)
    def open_spider(self, *args, **kwargs):
        if not hasattr(self, "_mw_methods_requiring_spider"):
            methods = self.methods["open_spider"]
            for number, method in enumerate(methods):
                methods[number] = _keeping_place(method)
        return original(self, *args, **kwargs)

    middleware.MiddlewareManager.open_spider = open_spider


def _keeping_place(method):
    @functools.wraps(method)
    def open_spider(*args, **kwargs):
        try:
            return method(*args, **kwargs)
        except Exception as error:
            from spidercheck_probe import faults

            faults.keep_place(error)
            raise

    return open_spider
