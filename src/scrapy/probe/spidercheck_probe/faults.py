"""How an exception is told: the person's own line, and the words that say why."""

import os
import sys
import traceback

from spidercheck_probe.report import first_line, here, text

MAX_CAUSES = 20

_owns = {}  # which files are the project's own
_libraries = None


def _library_directories():
    """Of Python, of Scrapy, of this probe, and of the virtual environment."""
    import scrapy
    import sysconfig

    directories = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    directories += [os.path.dirname(scrapy.__file__), os.path.dirname(os.path.dirname(__file__))]
    if sys.prefix != getattr(sys, "base_prefix", sys.prefix):
        # A project may be inside of its environment.
        inside = here.startswith(os.path.join(os.path.realpath(sys.prefix), ""))
        directories += [sys.prefix + "/lib", sys.prefix + "/lib64"] if inside else [sys.prefix]
    return tuple(os.path.join(form(directory), "")
                 for directory in directories for form in (os.path.abspath, os.path.realpath))


def _looks_own(name):
    global _libraries
    if name.startswith("<") or os.path.basename(name) == "scrapy":
        return False
    if _libraries is None:
        _libraries = _library_directories()
    for path in (os.path.abspath(name), os.path.realpath(name)):
        parts = path.split(os.sep)
        if "site-packages" in parts or "dist-packages" in parts or path.startswith(_libraries):
            return False
    return True


def is_own(name):
    """Whether somebody of the project wrote that file; never so in a library."""
    if name not in _owns:
        _owns[name] = _looks_own(name)
    return _owns[name]


def frames_of(trace):
    return [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(trace)]


def _place(frames):
    """The line of the project that is nearest to the error, else the nearest of one's own."""
    place, in_project = "", False
    for name, line in frames:
        if not is_own(name):
            continue
        inside = os.path.realpath(name).startswith(here)
        if inside or not in_project:
            place, in_project = "%s:%d" % (os.path.abspath(name), line), inside
    return place


def words(exception):
    """As Python says it, without its notes and further lines."""
    kind = type(exception)
    name = getattr(kind, "__qualname__", kind.__name__)
    if kind.__module__ not in ("builtins", "__main__"):
        name = "%s.%s" % (kind.__module__, name)
    line = first_line(text(getattr(exception, "msg", exception)
                           if isinstance(exception, SyntaxError) else exception))
    return "%s: %s" % (name, line) if line else name


def _members(exception):
    """Of a group of exceptions; empty for any other."""
    several = getattr(exception, "exceptions", None)
    if isinstance(several, (list, tuple)) and type(exception).__name__.endswith("Group"):
        return [member for member in several if isinstance(member, BaseException)]
    one = getattr(getattr(exception, "subFailure", None), "value", None)
    return [one] if isinstance(one, BaseException) else []


def _cause(exception):
    if exception.__cause__ is not None or exception.__suppress_context__:
        return exception.__cause__
    context = exception.__context__
    # What a library tried first, and in vain, is no cause.
    if context is None or not _place(frames_of(context.__traceback__)):
        return None
    return context


def _chain(exception):
    """What happened, from the first cause on; of a group the first one."""
    chain = []
    while exception is not None and len(chain) < MAX_CAUSES:
        chain.append(exception)
        members = _members(exception)
        exception = members[0] if members else _cause(exception)
    return [link for link in reversed(chain) if not _members(link)]


def place_of(exception, trace):
    frames = frames_of(trace)
    if isinstance(exception, SyntaxError) and exception.filename:
        frames.append((exception.filename, exception.lineno or 0))
    return _place(frames) or getattr(exception, "_spidercheck_place", "")


def keep_place(exception):
    """For an exception that loses its trace before it is told."""
    try:
        exception._spidercheck_place = place_of(exception, exception.__traceback__)
    except Exception:
        pass


def fault(exception, trace):
    chain = _chain(exception)
    places = [place_of(link, link.__traceback__) for link in chain if link is not exception]
    places.append(place_of(exception, trace))
    said = [words(chain[0])]
    if words(chain[-1]) != said[0]:
        said.append(words(chain[-1]))
    others = len(_members(exception)) - 1
    more = " (and %d more)" % others if others > 0 else ""
    place = next(filter(None, places), "")
    return {"place": text(place), "text": text("; then ".join(said) + more)}
