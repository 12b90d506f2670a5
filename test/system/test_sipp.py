#!/usr/bin/python3
"""SIPp calls SIPp through Ringwall, over UDP and TCP: its own scenarios, and those in sipp/."""
import pathlib
import subprocess

from system_test import OUTSIDE, SystemTest, main

CALLER, CALLEE = "203.0.113.31", "198.51.100.21"
CALLS = 20
SCENARIOS = pathlib.Path(__file__).resolve().parent / "sipp"

CONFIGURATION = """\
  adjacency sip west
   signaling-address ipv4 203.0.113.1
   remote-address ipv4 203.0.113.0 255.255.255.0
   attach
  adjacency sip east
   security trusted-unencrypted
   signaling-address ipv4 198.51.100.1
   remote-address ipv4 198.51.100.0 255.255.255.0
   signaling-peer 198.51.100.21
   preferred-transport {transport}
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency west
     dst-adjacency east
     action complete
   complete
  active-call-policy-set 1
"""


OVER_SIXTH_VERSION = """\
  adjacency sip west
   signaling-address ipv6 ::1
   signaling-port 5060
   attach
  adjacency sip east
   security trusted-unencrypted
   signaling-address ipv6 ::1
   signaling-port 5070
   signaling-peer ::1
   signaling-peer-port 5090
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency west
     dst-adjacency east
     action complete
   complete
  active-call-policy-set 1
"""


class Sipp(SystemTest):
    def sipp(self, host: str, address: str, transport: str, *words: str) -> subprocess.Popen:
        log = (self.folder / f"sipp-{host}.log").open("wb")
        self.addCleanup(log.close)
        process = self.network.start(
            host, ["sipp", "-i", address, "-p", "5060", "-t", {"udp": "u1", "tcp": "t1"}[transport], "-m", str(CALLS),
                   "-nostdin", "-timeout", "30", "-timeout_error", "-trace_err", "-error_file",
                   str(self.folder / f"sipp-{host}.err"), *words],
            cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)
        self.addCleanup(self.end, process)
        return process

    def errors(self) -> str:
        return "\n".join(file.read_text(errors="replace")[-2000:] for file in self.folder.glob("sipp-*.err"))

    def call_through(self, caller_transport: str, callee_transport: str, caller_plays: tuple[str, str] = ("-sn", "uac"),
                     callee_plays: tuple[str, str] = ("-sn", "uas")) -> None:
        self.network.add("caller", [f"{CALLER}/24"])
        self.network.add("callee", [f"{CALLEE}/24"])
        callee = self.sipp("callee", CALLEE, callee_transport, *callee_plays)
        self.wait_listening(callee, callee_transport, 5060)
        border = self.start_border(CONFIGURATION.format(transport=callee_transport))
        caller = self.sipp("caller", CALLER, caller_transport, *caller_plays, "-r", "20", "-d", "100",
                           "-s", "100", f"{OUTSIDE}:5060")
        self.assertEqual(caller.wait(40), 0, self.errors())
        self.assertEqual(callee.wait(40), 0, self.errors())
        answered = [record for record in border.records() if record["result"] == "answered"]
        self.assertEqual(len(answered), CALLS)

    def test_udp_to_udp(self):
        self.call_through("udp", "udp")

    def test_tcp_to_udp(self):
        self.call_through("tcp", "udp")

    def test_udp_to_tcp(self):
        self.call_through("udp", "tcp")

    def test_tcp_to_tcp(self):
        self.call_through("tcp", "tcp")

    def test_reliable_provisional_responses(self):
        self.call_through("udp", "udp", ("-sf", str(SCENARIOS / "prack_caller.xml")),
                          ("-sf", str(SCENARIOS / "prack_callee.xml")))

    def test_over_the_sixth_version(self):
        def sipp(name: str, port: int, *words: str) -> subprocess.Popen:
            log = (self.folder / f"sipp-{name}.log").open("wb")
            self.addCleanup(log.close)
            process = self.network.start("sbc", ["sipp", "-i", "::1", "-p", str(port), "-t", "u1", "-m", str(CALLS),
                                                 "-nostdin", "-timeout", "30", "-timeout_error", *words],
                                         cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)
            self.addCleanup(self.end, process)
            return process

        callee = sipp("callee", 5090, "-sn", "uas")
        self.wait_listening(callee, "udp6", 5090)
        border = self.start_border(OVER_SIXTH_VERSION)
        caller = sipp("caller", 5080, "-sn", "uac", "-r", "20", "-d", "100", "-s", "100", "[::1]:5060")
        self.assertEqual(caller.wait(40), 0, (self.folder / "sipp-caller.log").read_text(errors="replace")[-2000:])
        self.assertEqual(callee.wait(40), 0)
        self.assertEqual([record["result"] for record in border.records()], ["answered"] * CALLS)


if __name__ == "__main__":
    main()
