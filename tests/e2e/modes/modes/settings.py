BOT_NAME = "modes"
SPIDER_MODULES = ["modes.spiders"]
NEWSPIDER_MODULE = "modes.spiders"

ROBOTSTXT_OBEY = False
TELNETCONSOLE_ENABLED = False
REQUEST_FINGERPRINTER_IMPLEMENTATION = "2.7"

# What fails is to fail soon.
RETRY_TIMES = 1
DOWNLOAD_TIMEOUT = 2
DNS_TIMEOUT = 2

# The site is on this machine, where no proxy from the environment could reach it.
HTTPPROXY_ENABLED = False
