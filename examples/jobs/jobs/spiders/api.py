import scrapy

from jobs.items import Job
from jobs.spiders.example_site import ExampleSite


class ApiSpider(ExampleSite, scrapy.Spider):
    """JSON: an API that gives a page of jobs at a time, and the address of the next page."""

    name = "api"
    start_path = "/api/jobs"

    def parse(self, response):
        page = response.json()
        for job in page["jobs"]:
            yield Job(
                title=job["title"],
                company=job["employer"]["name"],
                city=job["employer"]["city"],
                salary=job["monthly_salary"] * 12,
                posted=job["posted_at"][: len("2026-11-23")],
                url=response.urljoin(job["link"]),
            )
        if page["next"]:
            yield response.follow(page["next"])
