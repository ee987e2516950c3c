"""What Scrapy has learned of late."""

import asyncio
import dataclasses
import os

import attrs
import pydantic
import scrapy
from itemloaders.processors import MapCompose, TakeFirst
from scrapy.loader import ItemLoader

from ..base import Reader

OUT = os.environ["OUT"]


class Loader(ItemLoader):
    default_output_processor = TakeFirst()
    pay_in = MapCompose(int)


class Loads(Reader):
    """An item of `kind` for each of the page's."""

    kind = None

    async def parse(self, response):
        await asyncio.sleep(0)
        for item in response.css("li.item"):
            loader = Loader(self.kind(), selector=item)
            loader.add_css("title", ".title::text")
            loader.add_css("pay", ".pay::text")
            yield loader.load_item()


class Job(scrapy.Item):
    title = scrapy.Field()
    pay = scrapy.Field()


class Items(Loads):
    name = "modern_item"
    kind = Job


@dataclasses.dataclass
class JobOfData:
    title: str | None = None
    pay: int | None = None


class Dataclass(Loads):
    name = "modern_dataclass"
    kind = JobOfData


@attrs.define
class JobOfAttrs:
    title: str | None = None
    pay: int | None = None


class Attrs(Loads):
    name = "modern_attrs"
    kind = JobOfAttrs


class JobOfPydantic(pydantic.BaseModel):
    title: str | None = None
    pay: int | None = None


class Pydantic(Loads):
    name = "modern_pydantic"
    kind = JobOfPydantic


class Compressed(Reader):
    name = "modern_compressed_feed"
    custom_settings = {"FEEDS": {f"{OUT}/%(name)s.jsonl.gz": {
        "format": "jsonlines", "postprocessing": ["scrapy.extensions.postprocessing.GzipPlugin"]}}}


class Lost(Reader):
    """Compressed onto a full disk."""

    name = "modern_lost_feed"
    custom_settings = {"FEEDS": {"/dev/full": {
        "format": "jsonlines", "postprocessing": ["scrapy.extensions.postprocessing.GzipPlugin"]}}}


class AddOn(Reader):
    name = "modern_addon"
    custom_settings = {"ADDONS": {"real.addons.Wages": 100}}


class StartRaises(Reader):
    name = "modern_start_raises"

    async def start(self):
        raise RuntimeError("no addresses")
        yield


class StartRaisesLate(Reader):
    name = "modern_start_raises_late"

    async def start(self):
        async for request in super().start():
            yield request
        raise RuntimeError("no more addresses")


class StartWaits(Reader):
    """For addresses that another page or queue gives."""

    name = "modern_start_waits"

    async def start(self):
        response = await self.crawler.engine.download_async(
            scrapy.Request(os.environ["SITE"] + "/ok"))
        for page in range(len(response.css("li.item"))):
            yield scrapy.Request(f"{os.environ['SITE']}/page/{page}")
