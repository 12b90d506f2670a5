"""A test against the real ringwall-sbc: on hosts of its own, with files of its own.

RINGWALL_SBC names the program. Hosts are added as a test needs them; the border controller's has an
address in each of three networks."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from lab import network, pki  # noqa: E402
from lab.border import Border  # noqa: E402
from lab.capture import Capture  # noqa: E402
from lab.waiting import wait_for  # noqa: E402

PROGRAM = pathlib.Path(os.environ.get("RINGWALL_SBC", ROOT / "build/debug/apps/ringwall-sbc"))
PHONES, OFFICE, OUTSIDE = "192.0.2.1", "198.51.100.1", "203.0.113.1"  # of the border controller
OVER = ("20200101000000Z", "20200102000000Z")

HEADER = """\
sbc test
 sbe
  tls certificate pki/sbc.crt
  tls private-key pki/sbc.key
  tls trust-anchors pki/ca.crt
"""


RECORD = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/call-record.schema.json").read_text()))


class SystemTest(unittest.TestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ringwall-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.network = network.Network()
        self.addCleanup(self.network.close)
        self.network.add("sbc", [f"{address}/24" for address in (PHONES, OFFICE, OUTSIDE)])
        self.authority = pki.Authority(self.folder / "pki")
        self.authority.issue("sbc", ["URI:sip:ringwall.test", "DNS:ringwall.test"], "serverAuth,clientAuth")

    def start_border(self, configuration: str) -> Border:
        """Starts it and waits until it listens; at the end of the test it must still run, and end well."""
        file = self.folder / "test.conf"
        file.write_text(HEADER + configuration)
        self.border = Border(self.network, "sbc", PROGRAM, self.folder, file)
        self.addCleanup(self._stop_border)
        self.border.wait_ready()
        return self.border

    def _stop_border(self) -> None:
        was_running = self.border.is_running()
        status = self.border.stop()
        for record in self.border.records():
            RECORD.validate(record)
        if not was_running or status != 0:
            self.fail(f"ringwall-sbc {'ended with' if was_running else 'died with'} status {status}:\n"
                      f"{self.border.log.read_text(errors='replace')[-3000:]}")

    def start(self, host: str, command: list[str], **options) -> subprocess.Popen:
        """A program on that host, in the test's folder; what it prints is in HOST.log, after what others did there."""
        log = (self.folder / f"{host}.log").open("ab")
        self.addCleanup(log.close)
        process = self.network.start(host, command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT, **options)
        self.addCleanup(self.end, process)
        return process

    def name_server(self, address: str, *records: str) -> None:
        """A dnsmasq with these records, for all programs that are started from now on."""
        self.network.add("names", [f"{address}/24"])
        network.set_names({}, self.folder, address)
        self.addCleanup(network.forget_names)
        process = self.start("names", ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
                                       "--no-hosts", "--user=root", "--pid-file=", "--bind-interfaces",
                                       f"--listen-address={address}", *records])
        self.wait_listening(process, "udp", 53)

    def logs(self) -> str:
        return "\n".join(file.read_text(errors="replace")[-2500:] for file in self.folder.glob("**/*.log"))

    def capture(self, host: str) -> Capture:
        capture = Capture(self.network, host, self.folder / f"{host}.pcap")
        self.addCleanup(capture.stop)
        return capture

    def wait_listening(self, process: subprocess.Popen, protocol: str, port: int) -> None:
        """Until somebody listens on the port on the host of that process."""
        state = {"tcp": "0A", "udp": "07", "udp6": "07"}[protocol]

        def listens():
            lines = pathlib.Path(f"/proc/{process.pid}/net/{protocol}").read_text().splitlines()[1:]
            return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == state for line in lines)
        wait_for(f"listening on {protocol} port {port}", listens)

    def end(self, process: subprocess.Popen) -> None:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                with contextlib.suppress(BrokenPipeError):  # what it did not read any more
                    stream.close()


def main() -> None:
    network.enter()
    unittest.main()
