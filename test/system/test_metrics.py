#!/usr/bin/python3
"""The metrics of a border controller, read by Prometheus' own parser: they say what `show` says, and nobody who
reads them keeps others out, or calls."""
import json
import subprocess
import time

from prometheus_client.parser import text_string_to_metric_families
from system_test import PROGRAM, SystemTest, main, wait_for
from lab.border import Border

OFFICE, OUTSIDE = "198.51.100.21", "203.0.113.31"
PORT = 9101
CONSOLE = """\
configure
sbc test
 sbe
  adjacency sip office
   security trusted-unencrypted
   signaling-address ipv4 198.51.100.1
   remote-address ipv4 198.51.100.0 255.255.255.0
   signaling-peer 198.51.100.21
   attach
   exit
  adjacency sip outside
   signaling-address ipv4 203.0.113.1
   remote-address ipv4 203.0.113.0 255.255.255.0
   signaling-peer 203.0.113.31
   attach
   exit
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency office
     dst-adjacency outside
     action complete
     exit
    exit
   exit
  active-call-policy-set 1
commit
end
"""
# Read on the host of the border controller: the port is of its loopback address.
READ = "import sys,urllib.request; sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())"


class Metrics(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.network.add("office", [f"{OFFICE}/24"])
        self.network.add("outside", [f"{OUTSIDE}/24"])
        self.border = Border(self.network, "sbc", PROGRAM, self.folder, options=["--metrics", str(PORT)])
        self.addCleanup(self._stop_border)
        self.border.wait_ready()
        self.assertEqual(self.border.say(CONSOLE).returncode, 0)

    def read(self) -> str:
        done = self.network.start("sbc", ["python3", "-c", READ, f"http://127.0.0.1:{PORT}/metrics"],
                                  stdout=subprocess.PIPE, text=True)
        text, _ = done.communicate(timeout=15)
        self.assertEqual(done.returncode, 0)
        return text

    def scrape(self) -> dict:
        """By name and labels; every family has a type and a help, no series comes twice, and names are as they should."""
        time.sleep(1.1)  # a page is kept for a second
        text, out = self.read(), {}
        for family in text_string_to_metric_families(text):
            self.assertTrue(family.documentation, family.name)
            self.assertIn(family.type, ("counter", "gauge", "histogram"), family.name)
            self.assertRegex(family.name, r"^ringwall_[a-z_]+$")
            for sample in family.samples:
                self.assertEqual(family.type == "counter", sample.name.endswith("_total"), sample.name)
                key = (sample.name, frozenset(sample.labels.items()))
                self.assertNotIn(key, out)
                out[key] = sample.value
        return out

    def value(self, scraped: dict, name: str, **labels: str) -> float:
        return scraped[(name, frozenset(labels.items()))]

    def shown(self, what: str):
        done = self.border.say(f"show services sbc test sbe {what} | json\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def call(self, host: str = "office", address: str = OFFICE, border: str = "198.51.100.1") -> int:
        caller = self.start(host, ["sipp", "-i", address, "-p", "5060", "-m", "1", "-nostdin", "-timeout", "20",
                                   "-timeout_error", "-sn", "uac", "-s", "15551234", f"{border}:5060"])
        return caller.wait(40)

    def test_they_say_what_show_says(self):
        callee = self.start("outside", ["sipp", "-i", OUTSIDE, "-p", "5060", "-m", "1", "-nostdin", "-timeout", "30", "-sn", "uas"])
        self.wait_listening(callee, "udp", 5060)
        self.assertEqual(self.call(), 0)
        self.assertEqual(callee.wait(20), 0)
        self.assertNotEqual(self.call("outside", OUTSIDE, "203.0.113.1"), 0)  # no route leads from there
        wait_for("two records", lambda: len(self.border.records()) == 2)

        scraped = self.scrape()
        for adjacency, answered, failed in (("office", 1, 0), ("outside", 0, 1)):
            stats = self.shown(f"call-stats src-adjacency {adjacency}")
            self.assertEqual((stats["attempts"], stats["answered"], stats["routing"]), (1, answered, failed))
            for name in ("call_attempts", "calls_answered", "calls_cancelled"):
                self.assertEqual(self.value(scraped, f"ringwall_{name}_total", adjacency=adjacency),
                                 stats[name.removeprefix("calls_").removeprefix("call_")])
            causes = {dict(labels)["cause"]: value for (name, labels), value in scraped.items()
                      if name == "ringwall_call_failures_total" and ("adjacency", adjacency) in labels}
            self.assertGreater(len(causes), 9)
            self.assertEqual(causes, {cause: stats[cause] for cause in causes})
        counters = self.shown("counters")
        for key, value in counters.items():
            name, what = key.rstrip("}").split("{")
            self.assertEqual(self.value(scraped, f"ringwall_{name}_total", what=what), value, key)
        invites = [self.value(scraped, "ringwall_requests_total", adjacency=adjacency, direction=direction, method="INVITE")
                   for adjacency, direction in (("office", "in"), ("outside", "out"), ("outside", "in"), ("office", "out"))]
        self.assertEqual(invites, [1, 1, 1, 0])
        self.assertEqual(self.value(scraped, "ringwall_alarms"), len(json.loads(self.border.say("show alarms | json\n").stdout)))
        self.assertEqual(self.value(scraped, "ringwall_adjacency_attached", adjacency="office"), 1)

    def test_nobody_else_reaches_the_port(self):
        with self.assertRaises(OSError):
            done = self.network.start("outside", ["python3", "-c", READ, f"http://203.0.113.1:{PORT}/metrics"],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if done.wait(20) != 0:
                raise ConnectionRefusedError

    def test_a_crowd_and_the_slow_keep_nobody_out(self):
        crowd = self.start("sbc", ["python3", "-c", CROWD, str(PORT)])
        callee = self.start("outside", ["sipp", "-i", OUTSIDE, "-p", "5060", "-m", "1", "-nostdin", "-timeout", "30", "-sn", "uas"])
        self.wait_listening(callee, "udp", 5060)
        time.sleep(1)
        began = time.monotonic()
        self.assertEqual(self.call(), 0)
        self.assertLess(time.monotonic() - began, 10)
        self.assertIsNone(crowd.poll())
        began = time.monotonic()
        self.assertIn("ringwall_build_info", self.read())
        self.assertLess(time.monotonic() - began, 10)

    def test_a_wrong_address_is_said(self):
        done = subprocess.run([PROGRAM, "--config", "/dev/null", "--metrics", "here"], capture_output=True, text=True,
                              timeout=20, check=False)
        self.assertEqual(done.returncode, 64)
        self.assertIn("--metrics here is neither a port nor ADDRESS:PORT", done.stderr)


# Forty who never end their request, and as many as can ask, until it is killed.
CROWD = """
import socket, sys, threading
def slow():
    while True:
        try:
            with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as one:
                one.sendall(b"GET /metr")
                one.recv(1)
        except OSError:
            pass
def quick():
    while True:
        try:
            with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10) as one:
                one.sendall(b"GET /metrics HTTP/1.1\\r\\nHost: here\\r\\n\\r\\n")
                while one.recv(65536): pass
        except OSError:
            pass
for work in [slow] * 8 + [quick] * 8:
    threading.Thread(target=work, daemon=True).start()
threading.Event().wait()
"""


if __name__ == "__main__":
    main()
