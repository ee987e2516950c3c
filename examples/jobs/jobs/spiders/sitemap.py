import json

from scrapy.spiders import SitemapSpider

from jobs.items import Job
from jobs.spiders.example_site import ExampleSite


class SitemapJobsSpider(ExampleSite, SitemapSpider):
    """XML: a sitemap that names the pages, and the structured data (JSON-LD) in each page."""

    name = "sitemap"
    start_path = "/sitemap.xml"
    sitemap_rules = [("/postings/", "parse_posting")]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.sitemap_urls = self.start_urls

    def parse_posting(self, response):
        posting = json.loads(response.css('script[type="application/ld+json"]::text').get())
        yield Job(
            title=posting["title"],
            company=posting["hiringOrganization"]["name"],
            city=posting["jobLocation"]["address"]["addressLocality"],
            salary=posting["baseSalary"]["value"]["value"],
            posted=posting["datePosted"],
            url=response.url,
        )
