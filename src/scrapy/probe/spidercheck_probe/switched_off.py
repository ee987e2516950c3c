"""How a part of the project that Scrapy disabled is told, and whether that was to be expected."""

import traceback

from spidercheck_probe.report import MAX_NAME, first_line, text


def fact(what, part, error, why="", wished=False):
    if not why and error is not None and error.args:
        why = error.args[0]
    return {"what": what, "name": text(_dotted(part), MAX_NAME), "count": 1,
            "why": first_line(text(why)), "wished": wished}


def component(name, setting, settings, what, error):
    asked = _asked_for(settings, setting, what)
    # What Scrapy has by default disables itself as a rule, and so does what is derived from it.
    wished = _is_wished(settings, error)
    as_a_rule = (wished or _is_never_on(settings, error)
                 or _asked_for(settings, setting + "_BASE", what))
    if not asked or name != "item pipeline" and as_a_rule:
        return None
    return fact(name.replace("item ", ""), asked, error, _missing_store(settings, what), wished)


def _dotted(what):
    if isinstance(what, str):
        return what
    return "%s.%s" % (what.__module__, getattr(what, "__qualname__", type(what).__name__))


def _asked_for(settings, name, what):
    """As that setting names it, which may be by another path than its own; else empty."""
    from scrapy.utils.misc import load_object

    for key, order in dict(settings.get(name) or {}).items():
        if order is None:
            continue
        if _dotted(key) == _dotted(what) or isinstance(key, str) and load_object(key) is what:
            return _dotted(key)
    return ""


def _switches(error):
    """The settings, named as switches are, that the function which raised it asks for."""
    frames = list(traceback.walk_tb(error.__traceback__))
    names = frames[-1][0].f_code.co_consts if frames else ()
    return [name for name in names if isinstance(name, str) and name.endswith("_ENABLED")]


def _is_wished(settings, error):
    """The project made such a setting false."""
    return any(str(settings.get(name)).lower() in ("false", "0")
               and (settings.getpriority(name) or 0) > 0 for name in _switches(error))


def _is_never_on(settings, error):
    """What says nothing and waits for a switch that nobody set is off as a rule."""
    return not error.args and any(settings.get(name) is None for name in _switches(error))


def _missing_store(settings, what):
    """Which Scrapy does not always say."""
    bases = [base.__name__ for base in getattr(what, "__mro__", ())]
    for base, name in (("ImagesPipeline", "IMAGES_STORE"), ("FilesPipeline", "FILES_STORE")):
        if base in bases:
            return "" if settings.get(name) else name + " is not set"
    return ""
