"""An add-on, which sets what every project here would otherwise set itself."""


class Pay:
    def process_item(self, item):
        item["pay"] = int(item["pay"])
        return item


class Wages:
    def update_settings(self, settings):
        settings["ITEM_PIPELINES"].set("real.addons.Pay", 300)
