#!/usr/bin/python3
"""A border controller that is told to end while a call is up, and has time for it (`--drain`)."""
import signal
import socket
import subprocess
import time

from office_and_outside import CONFIGURATION, OFFICE, OUTSIDE
from system_test import HEADER, PROGRAM, SystemTest, main, wait_for
from lab.border import Border

INVITE = """\
INVITE sip:15551234@198.51.100.1 SIP/2.0\r
Via: SIP/2.0/UDP 198.51.100.21:5090;branch=z9hG4bK-late\r
Max-Forwards: 70\r
From: <sip:late@198.51.100.21>;tag=1\r
To: <sip:15551234@198.51.100.1>\r
Call-ID: late\r
CSeq: 1 INVITE\r
Contact: <sip:late@198.51.100.21:5090>\r
Content-Length: 0\r
\r
"""


class Drain(SystemTest):
    def begin(self, seconds: int, talk: int) -> subprocess.Popen:
        """With a call that is up, and that its caller ends after `talk` seconds; that caller."""
        self.network.add("office", [f"{OFFICE}/24"])
        self.network.add("outside", [f"{OUTSIDE}/24"])
        file = self.folder / "test.conf"
        file.write_text(HEADER + CONFIGURATION)
        self.border = Border(self.network, "sbc", PROGRAM, self.folder, file, ["--drain", str(seconds)])
        self.addCleanup(self.border.stop)
        self.border.wait_ready()
        callee = self.start("outside", ["sipp", "-i", OUTSIDE, "-p", "5060", "-m", "1", "-nostdin", "-timeout", "60", "-sn", "uas"])
        self.wait_listening(callee, "udp", 5060)
        caller = self.start("office", ["sipp", "-i", OFFICE, "-p", "5060", "-m", "1", "-nostdin", "-timeout", "60", "-sn", "uac",
                                       "-d", str(talk * 1000), "-s", "15551234", "198.51.100.1:5060"])
        wait_for("the call", lambda: any(message["message"].startswith("ACK") and message["direction"] == "out"
                                         for message in self.border.trace()))
        self.border.signal(signal.SIGTERM)
        wait_for("the drain", lambda: "sbc.draining calls=1" in self.border.log.read_text())
        return caller

    def late_call(self) -> str:
        """What who calls now hears first that is final."""
        late = self.network.socket("office", socket.SOCK_DGRAM)
        self.addCleanup(late.close)
        late.bind((OFFICE, 5090))
        late.settimeout(10)
        late.sendto(INVITE.encode(), ("198.51.100.1", 5060))
        while True:
            heard = late.recv(4096).decode()
            if not heard.startswith("SIP/2.0 1"):
                return heard

    def wait_end(self, seconds: float) -> float:
        began = time.monotonic()
        wait_for("the end", lambda: not self.border.is_running(), seconds)
        self.assertEqual(self.border.status(), 0)
        return time.monotonic() - began

    def test_a_call_ends_by_itself_and_no_other_begins(self):
        caller = self.begin(seconds=60, talk=5)
        heard = self.late_call()
        self.assertRegex(heard, r"^SIP/2\.0 503 ")
        self.assertRegex(heard, r"(?m)^Retry-After: \d+\r$")
        self.assertTrue(self.border.is_running())
        self.assertEqual(caller.wait(20), 0, "its BYE was answered")
        self.wait_end(5)
        records = self.border.records()
        self.assertEqual([record["result"] for record in records if record["answer"]], ["answered"])
        self.assertNotIn("shutdown", [record["reason"] for record in records])

    def test_the_time_is_over(self):
        self.begin(seconds=3, talk=50)
        self.assertGreater(self.wait_end(15), 1)
        self.assertEqual([record["reason"] for record in self.border.records()], ["shutdown"])

    def test_a_second_signal_ends_at_once(self):
        self.begin(seconds=60, talk=50)
        self.border.signal(signal.SIGTERM)
        self.wait_end(12)
        self.assertEqual([record["reason"] for record in self.border.records()], ["shutdown"])


if __name__ == "__main__":
    main()
