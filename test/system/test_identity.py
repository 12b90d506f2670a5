#!/usr/bin/python3
"""Who calls, and who may hear it: SIPp in the trust domain calls SIPp outside of it."""
import pathlib
import subprocess

from system_test import OUTSIDE, SystemTest, main

SWITCH, CARRIER = "198.51.100.21", "203.0.113.31"
SCENARIOS = pathlib.Path(__file__).resolve().parent / "sipp"

CONFIGURATION = """\
  adjacency sip switch
   security trusted-unencrypted
   signaling-address ipv4 198.51.100.1
   remote-address ipv4 198.51.100.0 255.255.255.0
   signaling-peer 198.51.100.21
   preferred-transport udp
   attach
  adjacency sip carrier
   signaling-address ipv4 203.0.113.1
   remote-address ipv4 203.0.113.0 255.255.255.0
   signaling-peer 203.0.113.31
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency switch
     dst-adjacency carrier
     action complete
    entry 2
     match-adjacency carrier
     dst-adjacency switch
     action complete
   complete
  active-call-policy-set 1
"""


class Identity(SystemTest):
    def sipp(self, host: str, address: str, *words: str) -> subprocess.Popen:
        log = (self.folder / f"sipp-{host}.log").open("wb")
        self.addCleanup(log.close)
        process = self.network.start(host, ["sipp", "-i", address, "-p", "5060", "-t", "u1", "-m", "1", "-nostdin",
                                            "-timeout", "20", "-timeout_error", *words],
                                     cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)
        self.addCleanup(self.end, process)
        return process

    def call(self, caller: tuple[str, str], border: str, callee: tuple[str, str], privacy: str) -> list[bytes]:
        """What the callee was sent, and what the caller was answered with."""
        captures = {name: self.capture(name) for name, _ in (caller, callee)}
        marks = {name: capture.mark() for name, capture in captures.items()}
        answers = self.sipp(*callee, "-sn", "uas")
        self.wait_listening(answers, "udp", 5060)
        calls = self.sipp(*caller, "-sf", str(SCENARIOS / "private_call.xml"), "-key", "privacy", privacy, "-s", "100",
                          f"{border}:5060")
        self.assertEqual(calls.wait(30), 0, (self.folder / f"sipp-{caller[0]}.log").read_text(errors="replace")[-2000:])
        self.assertEqual(answers.wait(30), 0)
        return [packet.payload for packet in captures[callee[0]].since(marks[callee[0]])
                if packet.destination == callee[1] and packet.payload]

    def setUp(self) -> None:
        super().setUp()
        self.network.add("switch", [f"{SWITCH}/24"])
        self.network.add("carrier", [f"{CARRIER}/24"])
        self.start_border(CONFIGURATION)

    def test_who_does_not_want_to_be_known_is_not_known_outside(self):
        switch, carrier = ("switch", SWITCH), ("carrier", CARRIER)
        sent = self.call(switch, "198.51.100.1", carrier, "Privacy: user;id;critical")
        self.assertTrue(any(each.startswith(b"BYE ") for each in sent))
        invite = next(each for each in sent if each.startswith(b"INVITE "))
        self.assertIn(b'From: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=', invite)
        for word in (b"wendy", b"Wendy", b"+15551234", SWITCH.encode()):
            self.assertEqual([each for each in sent if word in each.partition(b"\r\n\r\n")[0]], [], word)

        sent = self.call(switch, "198.51.100.1", carrier, "Privacy: none")
        invite = next(each for each in sent if each.startswith(b"INVITE "))
        self.assertIn(b'P-Asserted-Identity: "Wendy" <sip:wendy@west.example.net>, <tel:+15551234>\r\n', invite)
        self.assertIn(b"Organization: wendy's", invite)

    def test_what_the_outside_asserts_is_not_believed(self):
        sent = self.call(("carrier", CARRIER), OUTSIDE, ("switch", SWITCH), "Privacy: none")
        invite = next(each for each in sent if each.startswith(b"INVITE "))
        self.assertIn(b'From: "Wendy" <sip:wendy@west.example.net>', invite)
        for word in (b"P-Asserted-Identity", b"Remote-Party-ID", b"+15551234"):
            self.assertEqual([each for each in sent if word in each], [], word)


if __name__ == "__main__":
    main()
