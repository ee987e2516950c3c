"""tests/e2e/test_switched_off.py on each version, in each of its reactors."""

from crawls import each_scrapy
from test_switched_off import *
