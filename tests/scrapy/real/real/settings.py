"""For every spider; each sets besides what its own software needs."""

BOT_NAME = "real"
SPIDER_MODULES = ["real.spiders"]
TELNETCONSOLE_ENABLED = False
RETRY_TIMES = 1
