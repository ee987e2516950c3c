"""Where items go, or why there are none."""

from ..base import OUT, Reader, in_each_setup


class JobDir(Reader):
    shape = "job_dir"

    @staticmethod
    def settings(name):
        return {"JOBDIR": f"{OUT}/{name}.job"}


class EmptyDay(Reader):
    """Its section says that no item is wanted."""

    shape = "empty_day"
    pages = ["/empty"]


class SlowClose(Reader):
    shape = "slow_close"

    @staticmethod
    def settings(name):
        uploads = "UploadsLater" if name.endswith(("1", "3")) else "Uploads"
        return {"ITEM_PIPELINES": {f"good.pipelines.{uploads}": 1}}


class FewDropped(Reader):
    shape = "few_dropped"

    @staticmethod
    def settings(name):
        return {"ITEM_PIPELINES": {"good.pipelines.DropsFew": 1}}


class Feeds(Reader):
    shape = "feeds"

    @staticmethod
    def settings(name):
        formats = ["jsonlines", "json", "csv", "xml", "pickle", "marshal"]
        return {"FEEDS": {f"{OUT}/{name}.{kind}": {"format": kind} for kind in formats}}


class AsyncPipeline(Reader):
    shape = "async_pipeline"

    @staticmethod
    def settings(name):
        return {"ITEM_PIPELINES": {"good.pipelines.WritesLate": 1}}


in_each_setup(globals())
