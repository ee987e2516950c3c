BOT_NAME = "good"
SPIDER_MODULES = ["good.spiders"]

TELNETCONSOLE_ENABLED = False
REQUEST_FINGERPRINTER_IMPLEMENTATION = "2.7"
ROBOTSTXT_OBEY = False
DOWNLOAD_TIMEOUT = 10
RETRY_TIMES = 1

# The site is on this machine, where no proxy from the environment could reach it.
HTTPPROXY_ENABLED = False
