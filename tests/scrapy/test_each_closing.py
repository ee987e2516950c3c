"""tests/e2e/test_closing.py on each version, in each of its reactors."""

from crawls import each_scrapy
from test_closing import *
