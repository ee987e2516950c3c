"""tests/e2e/test_own_line.py on each version, in each of its reactors."""

from crawls import each_scrapy
from test_own_line import *
