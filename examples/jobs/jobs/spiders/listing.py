import scrapy

from jobs.items import Job
from jobs.spiders.example_site import ExampleSite


class ListingSpider(ExampleSite, scrapy.Spider):
    """HTML: a listing of several pages, and a page for each job."""

    name = "listing"
    start_path = "/listing"

    def parse(self, response):
        yield from response.follow_all(css=".job a", callback=self.parse_job)
        yield from response.follow_all(css="a[rel=next]")

    def parse_job(self, response):
        yield Job(
            title=response.css("h1::text").get(),
            company=response.css(".company::text").get(),
            city=response.css(".city::text").get(),
            salary=int(response.css(".salary::text").re_first(r"[\d,]+").replace(",", "")),
            posted=response.css("time::attr(datetime)").get(),
            url=response.url,
        )
