#!/usr/bin/python3
"""Kamailio redirects: a call follows to what keeps its scheme, and to nothing else (RFC 5630 section 5.3). What Kamailio was asked
it says itself, and Ringwall's trace says the same."""
import re

from kamailio import Kamailio
from sip_peer import Message, SipPeer
from system_test import OFFICE, OUTSIDE, SystemTest, main

from lab.waiting import wait_for

SWITCH, CARRIER = "198.51.100.21", "203.0.113.70"

CONFIGURATION = f"""\
  adjacency sip office
   security trusted-unencrypted
   signaling-address ipv4 {OFFICE}
   signaling-peer {SWITCH}
   attach
  adjacency sip carrier
   security trusted-encrypted
   sip-calls-out any
   tls peer-domain carrier.test
   redirect-mode recurse
   signaling-address ipv4 {OUTSIDE}
   signaling-peer {CARRIER}
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency office
     dst-adjacency carrier
     action complete
   complete
  active-call-policy-set 1
"""

# "new" is busy; everybody else is there now.
ROUTES = f"""\
loadmodule "xlog.so"
request_route {{
    xlog("L_ALERT", "asked: $rm $ru by $proto\\n");
    if (is_method("ACK")) {{ exit; }}
    if ($rU == "new") {{ sl_send_reply("486", "Busy Here"); exit; }}
    if ($rU == "to-sip" || $rU == "to-both") {{ append_to_reply("Contact: <sip:new@{CARRIER}>\\r\\n"); }}
    if ($rU == "to-sips" || $rU == "to-both") {{ append_to_reply("Contact: <sips:new@{CARRIER}>\\r\\n"); }}
    sl_send_reply("302", "Moved Temporarily");
}}
"""


class Redirect(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.network.add("switch", [f"{SWITCH}/24"])
        self.network.add("carrier", [f"{CARRIER}/24"])
        self.start_border(CONFIGURATION)
        self.link = self.capture("sbc")
        Kamailio(self, "carrier", CARRIER, "carrier.test", ROUTES)
        self.switch = SipPeer(self, "switch", SWITCH)
        self.switch.turn_to(OFFICE)

    def call(self, uri: str, status: int) -> Message:
        """Returns the answer, once it is in the trace, and so all that was sent before it."""
        scheme, call_id = uri.partition(":")[0], f"{uri}@x"
        self.switch.ask("INVITE", f"{uri}@ringwall.test", f"<{scheme}:9001@{SWITCH}>;tag=switch", f"<{uri}@ringwall.test>", call_id,
                        self.switch.description, Contact=f"<{scheme}:9001@{SWITCH}>", Content_Type="application/sdp")
        answer = self.switch.expect_status(status, "INVITE", 30)
        wait_for(f"the {status} in the trace", lambda: [entry for entry in self.sent_to(SWITCH)
                                                        if entry["call_id"] == call_id and entry["message"].startswith(f"{status} ")])
        return answer

    def sent_to(self, address: str) -> list[dict]:
        return [entry for entry in self.border.trace() if entry["direction"] == "out" and entry["peer"].startswith(f"{address}:")]

    def assert_carrier_was_asked(self, *uris: str) -> None:
        """For these and no others, over TLS."""
        sent = [(entry["message"].split()[1].partition("@")[0], entry["transport"].lower()) for entry in self.sent_to(CARRIER)
                if entry["message"].startswith("INVITE ")]
        heard = re.findall(r"asked: INVITE (\S+)@\S* by (\w+)", (self.folder / "carrier.log").read_text(errors="replace"))
        self.assertEqual((sent, heard), ([(uri, "tls") for uri in uris],) * 2)
        self.assertEqual(self.in_the_clear(CARRIER), [])
        self.assertNotEqual(self.in_the_clear(SWITCH), [])  # whose link is not encrypted

    def in_the_clear(self, address: str) -> list[bytes]:
        """What of SIP could be read of all that went there."""
        return [packet.payload for packet in self.link.since(0) if packet.destination == address and b"SIP/2.0" in packet.payload]

    def test_a_secure_call_is_not_redirected_to_sip(self):
        answer = self.call("sips:to-sip", 480)
        self.assertTrue(answer["Warning"].startswith("380 "), answer["Warning"])
        self.assert_carrier_was_asked("sips:to-sip")

    def test_a_secure_call_is_redirected_to_sips(self):
        self.call("sips:to-sips", 486)
        self.assert_carrier_was_asked("sips:to-sips", "sips:new")

    def test_another_call_is_not_redirected_to_sips(self):
        answer = self.call("sip:to-sips", 480)
        self.assertTrue(answer["Warning"].startswith("381 "), answer["Warning"])
        self.assert_carrier_was_asked("sip:to-sips")

    def test_another_call_is_redirected_to_sip(self):
        self.call("sip:to-sip", 486)
        self.assert_carrier_was_asked("sip:to-sip", "sip:new")

    def test_of_both_schemes_a_call_follows_its_own(self):
        for scheme, before in (("sips", ()), ("sip", ("sips:to-both", "sips:new"))):
            with self.subTest(scheme):
                self.call(f"{scheme}:to-both", 486)
                self.assert_carrier_was_asked(*before, f"{scheme}:to-both", f"{scheme}:new")


if __name__ == "__main__":
    main()
