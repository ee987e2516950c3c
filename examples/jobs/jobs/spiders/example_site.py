from jobs import site


class ExampleSite:
    """Serves the made-up site while the spider runs, so that it has something to crawl.

    A spider for a real site does without: it sets `start_urls` instead of `start_path`.
    """

    start_path = "/"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.start_urls = [site.serve() + self.start_path]
