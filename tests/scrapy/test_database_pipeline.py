"""An item pipeline on PostgreSQL, and a server that ends its session."""

import re

import pytest

from crawl_modes import check, degraded, failed, ok
from shop import line_of
from software import PROJECT, crawled, each, real, site

pytestmark = pytest.mark.xdist_group("database_pipeline")

PIPELINES = PROJECT / "real/pipelines.py"
# Which of the two libpq says depends on what it was about to do.
CUT = ("psycopg2.*: (terminating connection due to administrator command|"
       "server closed the connection unexpectedly)")
COMMIT, INSERT, TRUNCATE = (re.escape(line_of(PIPELINES, text)) + f": {CUT}"
                            for text in ("commit()", "INSERT INTO", "TRUNCATE"))
MODES = [
    ok("database_good"),
    failed("database_cut_at_open", TRUNCATE, exit_code=1),
    failed("database_cut_in_crawl", f"while the crawl closed.*{INSERT}.*items may be lost",
           items=10),
    degraded("database_cut_when_committed", f"10 errors beside 10 items.*{INSERT}", items=10),
    failed("database_cut_at_close", f"while the crawl closed.*{COMMIT}.*items may be lost",
           items=20, errors=1),
]


@pytest.fixture(scope="module")
def outcomes(server, real):
    url = server.create_database()
    with server.connect(url) as connection:
        connection.cursor().execute("CREATE TABLE job (title text, pay text)")
        yield crawled(real, "database", MODES, SHOP_DB=url), connection
    server.drop_database(url)


@each(MODES)
def test_a_crawl_is_judged_by_what_became_of_its_items(outcomes, mode):
    check(outcomes[0][mode.name], mode)


def test_items_are_there_as_they_were_counted(outcomes):
    """Of the good one all, and of the one that commits each of them those before the cut."""
    cursor = outcomes[1].cursor()
    cursor.execute("SELECT count(*) FROM job")
    assert cursor.fetchone() == (20 + 10,)
