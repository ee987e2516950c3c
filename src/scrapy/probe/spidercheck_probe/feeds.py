"""Feeds that cannot work, and why."""

import re

from spidercheck_probe.report import MAX_NAME, first_line, text


def what_is_wrong(message, args):
    """As Scrapy logs it."""
    facts = args[0] if args and isinstance(args[0], dict) else {}
    if "reason" in facts:
        return {"why": first_line(text(facts["reason"])) or "its storage is disabled"}
    if "batch_id" in message:
        return {"uri": str(args[0]), "why": "%(batch_time)s or %(batch_id)d must be in the name "
                                            "of a feed in batches"}
    said = first_line(text(message % (facts or args)))
    return {"why": said[:1].lower() + said[1:]}


def switched_off(settings, feed):
    count = len(settings.getdict("FEEDS")) + (1 if settings.get("FEED_URI") else 0)
    if not count:
        return None
    name = re.sub("//[^/@]*@", "//", feed.get("uri", ""))  # without a password
    return {"what": "feed", "name": text(name, MAX_NAME), "why": feed.get("why", ""),
            "count": count, "wished": False}
