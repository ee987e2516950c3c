"""tests/e2e/test_pages_that_never_came.py on each version, in each of its reactors."""

from crawls import each_scrapy
from test_pages_that_never_came import *
