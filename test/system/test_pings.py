#!/usr/bin/python3
"""Kamailio is a peer that is pinged, over UDP and over TLS: it dies, calls go around it, and it comes back."""
import subprocess

from kamailio import Kamailio
from system_test import SystemTest, main, wait_for

OFFICE, CARRIER, OTHER = "198.51.100.21", "203.0.113.70", "203.0.113.71"

CONFIGURATION = """\
  adjacency sip office
   security trusted-unencrypted
   signaling-address ipv4 198.51.100.1
   remote-address ipv4 198.51.100.0 255.255.255.0
   signaling-peer 198.51.100.21
   attach
  adjacency sip carrier
{link}
   signaling-address ipv4 203.0.113.1
   remote-address ipv4 203.0.113.70 255.255.255.255
   signaling-peer 203.0.113.70
   local-id host ringwall.test
   ping-enable
    ping-interval 1
    ping-fail-count 2
    exit
   attach
  adjacency sip other
   signaling-address ipv4 203.0.113.1
   signaling-port 5070
   remote-address ipv4 203.0.113.71 255.255.255.255
   signaling-peer 203.0.113.71
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency office
     dst-adjacency carrier
     action complete
    entry 2
     match-adjacency office
     dst-adjacency other
     action complete
   complete
  active-call-policy-set 1
"""
UDP = "   security untrusted"
TLS = "   security trusted-encrypted\n   sip-calls-out any\n   tls peer-domain carrier.test"

# It answers what is asked of itself, and its one telephone is on port 5080.
ROUTES = """\
request_route {
    if (is_method("OPTIONS") && $rU == $null) { sl_send_reply("200", "OK"); exit; }
    if (has_totag()) {
        loose_route();
        if ($rd == "@ADDRESS@") { $du = "sip:203.0.113.70:5080"; }
        t_relay();
        exit;
    }
    if (is_method("CANCEL")) { t_relay(); exit; }
    record_route();
    $du = "sip:203.0.113.70:5080";
    t_relay();
}
"""


class Pings(SystemTest):
    def sipp(self, host: str, address: str, port: int, *words: str) -> subprocess.Popen:
        return self.start(host, ["sipp", "-i", address, "-p", str(port), "-m", "1", "-nostdin", "-timeout", "30",
                                 "-timeout_error", "-trace_err", "-error_file", str(self.folder / f"{host}-{port}.err.log"), *words])

    def call(self, host: str, address: str, port: int) -> None:
        """From the office; it must be answered there, and at once."""
        callee = self.sipp(host, address, port, "-sn", "uas")
        self.wait_listening(callee, "udp", port)
        before = len(self.border.records())
        caller = self.sipp("office", OFFICE, 5060, "-sn", "uac", "-s", "15551234", "198.51.100.1:5060")
        self.assertEqual(caller.wait(20), 0, self.logs())
        self.assertEqual(callee.wait(20), 0, self.logs())
        record = wait_for("its record", lambda: self.border.records()[before:])[-1]
        self.assertEqual(record["result"], "answered")
        self.assertEqual(record["to_adjacency"], {"carrier": "carrier", "other": "other"}[host])

    def logged(self, event: str) -> int:
        return sum(f" {event} " in f" {line} " for line in self.border.log.read_text(errors="replace").splitlines())

    def peer(self, link: str) -> None:
        self.network.add("office", [f"{OFFICE}/24"])
        self.network.add("carrier", [f"{CARRIER}/24"])
        self.network.add("other", [f"{OTHER}/24"])
        carrier = Kamailio(self, "carrier", CARRIER, "carrier.test", ROUTES.replace("@ADDRESS@", CARRIER))
        self.start_border(CONFIGURATION.format(link=link))
        wait_for("the peer is up", lambda: self.logged("peer.up") == 1)
        self.call("carrier", CARRIER, 5080)

        carrier.kill()
        wait_for("the peer is down", lambda: self.logged("peer.down") == 1)
        self.call("other", OTHER, 5060)

        carrier.start()
        wait_for("the peer is up again", lambda: self.logged("peer.up") == 2)
        self.call("carrier", CARRIER, 5080)

    def test_over_udp(self):
        self.peer(UDP)

    def test_over_tls(self):
        self.peer(TLS)


if __name__ == "__main__":
    main()
