# SPDX-License-Identifier: EUPL-1.2
"""A headless Chromium, driven by chromedriver over the WebDriver protocol: what a person would see.
It talks to 127.0.0.1 only, in a folder of its own. Ends only what it started."""
import base64
import http.client
import json
import shutil
import subprocess

import harness

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--hide-scrollbars", "--disable-dev-shm-usage", "--proxy-server=http://127.0.0.1:1",
         "--proxy-bypass-list=127.0.0.1"]


def missing():
    """Why there is no browser here, or None."""
    for program in ("chromium", "chromedriver"):
        if not shutil.which(program):
            return "SKIPPED LOUDLY: no %s: the status page was not looked at" % program
    return None


class Browser:
    """width: of the window in CSS pixels; script False: with JavaScript off; before: a script that runs
    in every page before its own."""

    def __init__(self, width=1280, height=1200, script=True, dark=False, before=None):
        self.folder = harness.folder("browser")
        self.port = harness.free_port()
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=%d" % self.port, "--allowed-ips=127.0.0.1"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=harness._with_us)
        self.session = None
        options = {
            "binary": shutil.which("chromium"),
            "args": FLAGS + ["--user-data-dir=" + self.folder],
            "mobileEmulation": {"deviceMetrics": {"width": width, "height": height,
                                                  "pixelRatio": 1, "mobile": False, "touch": False}},
        }
        if dark:
            options["args"].append("--force-dark-mode")
        if not script:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        harness.poll("chromedriver", lambda: self.ask("GET", "/status")["ready"], 20)
        self.session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}}}})["sessionId"]
        if before:
            self.here("POST", "/goog/cdp/execute", {
                "cmd": "Page.addScriptToEvaluateOnNewDocument", "params": {"source": before}})

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60 * harness.SLOW)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            answer = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(answer, dict) and "error" in answer:
            raise harness.Trouble("webdriver %s: %s" % (path, answer["message"][:400]))
        return answer

    def here(self, method, path, body=None):
        return self.ask(method, "/session/%s%s" % (self.session, path), body)

    def open(self, url):
        self.here("POST", "/url", {"url": url})
        return self

    def run(self, script, *args):
        """The value of a piece of JavaScript in the page ("return …")."""
        return self.here("POST", "/execute/sync", {"script": script, "args": list(args)})

    def source(self):
        return self.here("GET", "/source")

    def console(self):
        """What the browser complained about since the last time it was asked."""
        return [x for x in self.here("POST", "/se/log", {"type": "browser"})
                if x["level"] in ("SEVERE", "WARNING")]

    def press(self, key):
        self.here("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": [
            {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]}]})

    def picture(self, path):
        """The whole page, not only the window."""
        shot = self.here("POST", "/goog/cdp/execute", {
            "cmd": "Page.captureScreenshot", "params": {"captureBeyondViewport": True}})
        with open(path, "wb") as f:
            f.write(base64.b64decode(shot["data"]))
        return path

    def close(self):
        try:
            if self.session:
                self.here("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(20)
            harness.remove(self.folder)
