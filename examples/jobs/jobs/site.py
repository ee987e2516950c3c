"""The job site that the spiders crawl: made up, always the same, and served on loopback only.

The spiders start it by themselves. To look at it in a browser: /usr/bin/python3 -m jobs.site
"""

import json
import random
import re
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

PAGE_SIZE = 9

COMPANIES = ["Ålund & Sons", "Blue Quay", "Corvid Labs", "Dovetail", "Ever Oak", "Fjord Foods"]
CITIES = ["Bogotá", "Gdańsk", "Lisbon", "Nairobi", "Tromsø", "Valparaíso"]


@dataclass(frozen=True)
class Vacancy:
    number: int
    title: str
    company: str
    city: str
    salary: int  # euros a year
    posted: date


def make_board(seed, size, titles):
    """The same vacancies for the same seed, on every machine and on every day."""
    dice = random.Random(seed)
    return [
        Vacancy(
            number=number,
            title=dice.choice(["Junior ", "", "Senior "]) + dice.choice(titles),
            company=dice.choice(COMPANIES),
            city=dice.choice(CITIES),
            salary=dice.randrange(24_000, 96_000, 1_200),
            posted=date(2026, 1, 1) + timedelta(days=dice.randrange(300)),
        )
        for number in range(1, size + 1)
    ]


OFFICE = make_board("office", 36, ["accountant", "clerk", "office manager", "translator"])
TECH = make_board("tech", 48, ["C++ developer", "data engineer", "system administrator", "tester"])
TRADE = make_board("trade", 30, ["carpenter", "electrician", "gardener", "welder"])


def page_of(board, query):
    """One page of a board, and the number of the next page or None."""
    number = int(query.get("page", ["1"])[0])
    end = number * PAGE_SIZE
    return board[end - PAGE_SIZE : end], number + 1 if end < len(board) else None


def html(title, body):
    head = f"<!doctype html>\n<html lang=en><meta charset=utf-8><title>{escape(title)}</title>\n"
    return "text/html; charset=utf-8", head + body


def front_page(request):
    boards = ["/listing", "/api/jobs", "/sitemap.xml"]
    return html("Jobs", "".join(f'<p><a href="{path}">{path}</a></p>\n' for path in boards))


def robots(request):
    return "text/plain", "User-agent: *\nDisallow: /private/\n"


def listing(request):
    jobs, following = page_of(OFFICE, request.query)
    rows = "".join(
        f'<li class="job"><a href="/listing/{job.number}">{escape(job.title)}</a></li>\n'
        for job in jobs
    )
    link = f'<a rel="next" href="/listing?page={following}">More jobs</a>' if following else ""
    return html("Office jobs", f"<ul>\n{rows}</ul>\n{link}")


def listing_job(request, number):
    job = OFFICE[number - 1]
    return html(
        job.title,
        f'<h1>{escape(job.title)}</h1>\n<p class="company">{escape(job.company)}</p>\n'
        f'<p class="city">{escape(job.city)}</p>\n<p class="salary">€ {job.salary:,} a year</p>\n'
        f'<p>Posted on <time datetime="{job.posted}">{job.posted:%d %B %Y}</time></p>',
    )


def api(request):
    jobs, following = page_of(TECH, request.query)
    answer = {
        "jobs": [
            {
                "title": job.title,
                "employer": {"name": job.company, "city": job.city},
                "monthly_salary": job.salary // 12,
                "posted_at": f"{job.posted}T08:00:00Z",
                "link": f"/api/jobs/{job.number}",
            }
            for job in jobs
        ],
        "next": f"/api/jobs?page={following}" if following else None,
    }
    return "application/json", json.dumps(answer)


def sitemap(request):
    host = request.headers["Host"]
    urls = "".join(f"<url><loc>http://{host}/postings/{job.number}</loc></url>\n" for job in TRADE)
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return "application/xml", f'<urlset xmlns="{namespace}">\n{urls}</urlset>\n'


def posting(request, number):
    job = TRADE[number - 1]
    data = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": job.title,
        "hiringOrganization": {"name": job.company},
        "jobLocation": {"address": {"addressLocality": job.city}},
        "baseSalary": {"currency": "EUR", "value": {"value": job.salary, "unitText": "YEAR"}},
        "datePosted": str(job.posted),
    }
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    return html(job.title, f"<h1>{escape(job.title)}</h1>\n{script}")


ROUTES = {
    r"/": front_page,
    r"/robots\.txt": robots,
    r"/listing": listing,
    r"/listing/([1-9]\d*)": listing_job,
    r"/api/jobs": api,
    r"/sitemap\.xml": sitemap,
    r"/postings/([1-9]\d*)": posting,
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open
    wbufsize = -1  # head and body leave in one packet

    def do_GET(self):
        url = urlsplit(self.path)
        self.query = parse_qs(url.query)
        for pattern, view in ROUTES.items():
            if match := re.fullmatch(pattern, url.path):
                try:
                    return self.answer(*view(self, *map(int, match.groups())))
                except (IndexError, ValueError):
                    break  # no such job, or no such page
        self.send_error(404)

    def answer(self, content_type, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass  # the spiders keep a log of their own


def make_server():
    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def url_of(server):
    return f"http://127.0.0.1:{server.server_port}"


def serve():
    """Serves the site until the process ends, on a free port; returns its address."""
    server = make_server()
    Thread(target=server.serve_forever, daemon=True).start()
    return url_of(server)


if __name__ == "__main__":
    with make_server() as server:
        print(f"The job site is at {url_of(server)} (stop it with Ctrl-C)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
