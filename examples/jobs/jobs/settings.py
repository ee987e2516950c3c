import pathlib

BOT_NAME = "jobs"
SPIDER_MODULES = ["jobs.spiders"]
NEWSPIDER_MODULE = "jobs.spiders"

# Be a good guest: say who you are, obey robots.txt, and pause between requests. The pause is tiny
# because the site is on this machine; give a real one a second or more.
USER_AGENT = "jobs-example"
ROBOTSTXT_OBEY = True
DOWNLOAD_DELAY = 0.02

# One file for each spider, written afresh by each run. The directory is made here, because two spiders
# that start at once would both make it, and Scrapy gives up the feed of the second.
pathlib.Path("output").mkdir(exist_ok=True)
FEEDS = {
    "output/%(name)s.jsonl": {"format": "jsonlines", "encoding": "utf8", "overwrite": True},
}

LOG_LEVEL = "INFO"

# The site is on loopback, where no proxy from the environment could reach it.
HTTPPROXY_ENABLED = False

# Nobody logs in to a spider that runs unattended.
TELNETCONSOLE_ENABLED = False

# The way requests are told apart since Scrapy 2.7; 2.8 warns where it isn't chosen.
REQUEST_FINGERPRINTER_IMPLEMENTATION = "2.7"
