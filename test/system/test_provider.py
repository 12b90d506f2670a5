#!/usr/bin/python3
"""Kamailio is the provider: Ringwall registers there, proves itself, calls out and is called."""
import subprocess

from kamailio import Kamailio
from system_test import SystemTest, main, wait_for

OFFICE, PROVIDER = "198.51.100.21", "203.0.113.70"

CONFIGURATION = """\
  adjacency sip office
   security trusted-unencrypted
   signaling-address ipv4 198.51.100.1
   remote-address ipv4 198.51.100.0 255.255.255.0
   signaling-peer 198.51.100.21
   attach
  adjacency sip provider
{link}
   signaling-address ipv4 203.0.113.1
   remote-address ipv4 203.0.113.0 255.255.255.0
   signaling-peer 203.0.113.70
   local-id host 203.0.113.1
   authentication-realm outbound provider.test trunk "our secret"
   register trunk@provider.test
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency office
     dst-adjacency provider
     action complete
    entry 2
     match-adjacency provider
     dst-adjacency office
     action complete
   complete
  active-call-policy-set 1
"""
UDP = "   security untrusted"
TLS = "   security trusted-encrypted\n   sip-calls-out any\n   tls peer-domain provider.test"

# Its customer is "trunk"; all other numbers are somebody's telephone behind it, on port 5080.
ROUTES = """\
request_route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (is_method("REGISTER")) {
        if (!pv_www_authenticate("provider.test", "our secret", "0")) {
            www_challenge("provider.test", "1");
            exit;
        }
        if ($proto == "tls") { fix_nated_register(); }
        save("location");
        exit;
    }
    if (has_totag()) {
        loose_route();
        # SIPp's uac sends ACK and BYE where it sent the INVITE.
        if ($rd == "203.0.113.70" && $rU == "trunk") { lookup("location"); }
        t_relay();
        exit;
    }
    if (is_method("CANCEL")) { t_relay(); exit; }
    record_route();
    if ($rU == "trunk") {
        if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
        t_relay();
        exit;
    }
    if (!pv_proxy_authenticate("provider.test", "our secret", "0")) {
        proxy_challenge("provider.test", "1");
        exit;
    }
    consume_credentials();
    $du = "sip:203.0.113.70:5080";
    t_relay();
}
"""


class Provider(SystemTest):
    def sipp(self, host: str, address: str, port: int, *words: str) -> subprocess.Popen:
        return self.start(host, ["sipp", "-i", address, "-p", str(port), "-m", "1", "-nostdin", "-timeout", "30",
                                 "-timeout_error", "-trace_err", "-error_file", str(self.folder / f"{host}-{port}.err.log"), *words])

    def trunk(self, link: str) -> None:
        self.network.add("office", [f"{OFFICE}/24"])
        self.network.add("provider", [f"{PROVIDER}/24"])
        Kamailio(self, "provider", PROVIDER, "provider.test", ROUTES)
        border = self.start_border(CONFIGURATION.format(link=link))
        wait_for("registered", lambda: "trunk.registered" in border.log.read_text(errors="replace"))
        self.assertNotIn("our secret", border.log.read_text(errors="replace"))

        callee = self.sipp("provider", PROVIDER, 5080, "-sn", "uas")
        self.wait_listening(callee, "udp", 5080)
        caller = self.sipp("office", OFFICE, 5060, "-sn", "uac", "-s", "15551234", "198.51.100.1:5060")
        self.assertEqual(caller.wait(40), 0, self.logs())
        self.assertEqual(callee.wait(40), 0, self.logs())

        callee = self.sipp("office", OFFICE, 5060, "-sn", "uas")
        self.wait_listening(callee, "udp", 5060)
        caller = self.sipp("provider", PROVIDER, 5090, "-sn", "uac", "-s", "trunk", f"{PROVIDER}:5060")
        self.assertEqual(caller.wait(40), 0, self.logs())
        self.assertEqual(callee.wait(40), 0, self.logs())
        answered = [record for record in border.records() if record["result"] == "answered"]
        self.assertEqual(len(answered), 2)

    def test_over_udp(self):
        self.trunk(UDP)

    def test_over_tls(self):
        self.trunk(TLS)


if __name__ == "__main__":
    main()
