"""A real browser without a screen: Debian's Chromium, driven over its DevTools protocol by two pipes."""

import base64
import json
import os
import select
import shutil
import subprocess
import time

from postgres import die_with_parent

TIMEOUT = 60  # seconds; nothing here takes a tenth of it

OPTIONS = ("--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage",
           "--hide-scrollbars", "--no-first-run", "--no-default-browser-check", "--disable-sync",
           "--disable-background-networking", "--disable-component-update",
           "--force-color-profile=srgb")


def lead_pipes(commands, answers):
    """In the child: the browser reads commands from 3 and answers to 4."""
    die_with_parent()
    # Out of the way first: either may be 3 or 4 itself.
    commands, answers = os.dup(commands), os.dup(answers)
    while min(commands, answers) < 5:
        commands, answers = os.dup(commands), os.dup(answers)
    os.dup2(commands, 3)
    os.dup2(answers, 4)


class Browser:
    """One process; a page is opened in a tab of its own."""

    def __init__(self, directory):
        program = shutil.which("chromium")
        assert program, "chromium is missing: packaging/dependencies --tests installs it"
        read_commands, self._commands = os.pipe()
        self._answers, write_answers = os.pipe()
        options = OPTIONS + (("--no-sandbox",) if os.geteuid() == 0 else ())
        with open(directory / "chromium.log", "wb") as log:
            self._process = subprocess.Popen(
                [program, *options, f"--user-data-dir={directory / 'profile'}", "about:blank"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, close_fds=False,
                env={"HOME": str(directory), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"},
                preexec_fn=lambda: lead_pipes(read_commands, write_answers))
        os.close(read_commands)
        os.close(write_answers)
        self._log = directory / "chromium.log"
        self._buffer = b""
        self._last = 0
        self.events = []

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._commands)
        os.close(self._answers)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def open(self, path, **options):
        return Page(self, path, **options)

    def call(self, method, session=None, **parameters):
        self._last += 1
        number = self._last
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        answer = self._wait(lambda message: message.get("id") == number, method)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def wait_for(self, method, session):
        """For an event that came since the last one of its kind was waited for, or comes now."""
        for event in self.events:
            if (event["method"], event.get("sessionId")) == (method, session):
                self.events.remove(event)
                return event["params"]
        event = self._wait(lambda message: (message.get("method"), message.get("sessionId")) ==
                           (method, session), method)
        self.events.remove(event)
        return event["params"]

    def _wait(self, is_it, what):
        deadline = time.monotonic() + TIMEOUT
        while True:
            message = self._next(deadline, what)
            if "method" in message:
                self.events.append(message)
            if is_it(message):
                return message

    def _next(self, deadline, what):
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"waited {TIMEOUT} s in vain for {what}"
            data = os.read(self._answers, 1 << 20)
            assert data, f"the browser has ended:\n{self._log.read_text(errors='replace')}"
            self._buffer += data
        text, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(text)


class Page:
    """A file in a tab, loaded."""

    def __init__(self, browser, path, *, width=1280, height=900, scheme="light", script=True, sight=None):
        self._browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._target = target
        self._session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        if sight:
            self.call("Emulation.setEmulatedVisionDeficiency", type=sight)
        if not script:
            self.call("Emulation.setScriptExecutionDisabled", value=True)
        self.call("Page.navigate", url=path.resolve().as_uri())
        browser.wait_for("Page.loadEventFired", self._session)

    def call(self, method, **parameters):
        return self._browser.call(method, self._session, **parameters)

    def reload(self):
        self.call("Page.reload")
        self._browser.wait_for("Page.loadEventFired", self._session)

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def texts(self, selector):
        return self.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})]"
                             ".map(element => element.textContent)")

    def count(self, selector):
        return self.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length")

    def painted(self):
        """Waits until what has been done is on the screen."""
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => "
                      "done(true))))")

    def press(self, key, code=None):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key,
                      **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {}))

    def picture(self, whole=False):
        self.painted()
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])

    def problems(self):
        """What the browser complained about, what it asked a person, and what it wanted of others."""
        kinds = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded",
                 "Page.javascriptDialogOpening")
        found = [event for event in self._browser.events
                 if event.get("sessionId") == self._session and event["method"] in kinds]
        asked = [event["params"]["request"]["url"] for event in self._browser.events
                 if event.get("sessionId") == self._session
                 and event["method"] == "Network.requestWillBeSent"]
        return found + [url for url in asked if not url.startswith("file:")]

    def close(self):
        self._browser.call("Target.closeTarget", targetId=self._target)
        self._browser.events = [event for event in self._browser.events
                                if event.get("sessionId") != self._session]
