#!/usr/bin/python3
"""Signaling-peers that are names (RFC 3263): a name server (dnsmasq) on a host of its own, servers that die."""
import subprocess

from system_test import OFFICE, SystemTest, main

from lab.waiting import wait_for

NAME_SERVER, CALLER = "203.0.113.53", "198.51.100.21"
FIRST, SECOND, PROVIDER = "203.0.113.31", "203.0.113.32", "203.0.113.33"
CALLS = 40

CALLER_AND_ROUTE = """\
  adjacency sip office
   security trusted-unencrypted
   signaling-address ipv4 198.51.100.1
   remote-address ipv4 198.51.100.0 255.255.255.0
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency office
     dst-adjacency trunk
     action complete
   complete
  active-call-policy-set 1
"""

OVER_TCP = """\
  adjacency sip trunk
   signaling-address ipv4 203.0.113.1
   remote-address ipv4 203.0.113.0 255.255.255.0
   signaling-peer trunk.test
   preferred-transport tcp
   attach
"""

OVER_TLS = """\
  adjacency sip trunk
   security trusted-encrypted
   sip-calls-out any
   signaling-address ipv4 203.0.113.1
   remote-address ipv4 203.0.113.0 255.255.255.0
   signaling-peer trunk.test
   attach
"""


class Locate(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.network.add("caller", [f"{CALLER}/24"])

    def sipp_server(self, host: str, address: str) -> subprocess.Popen:
        self.network.add(host, [f"{address}/24"])
        process = self.start(host, ["sipp", "-i", address, "-p", "5060", "-t", "t1", "-sn", "uas", "-nostdin"])
        self.wait_listening(process, "tcp", 5060)
        return process

    def invites_to(self, address: str) -> list[dict]:
        return [line for line in self.border.trace()
                if line["direction"] == "out" and line["peer"].startswith(address + ":")
                and line["message"].startswith("INVITE ")]

    def caller(self, calls: int, *words: str) -> subprocess.Popen:
        return self.start("caller", ["sipp", "-i", CALLER, "-p", "5060", "-t", "u1", "-m", str(calls), "-nostdin",
                                     "-timeout", "50", "-timeout_error", "-sn", "uac", "-r", "10", "-d", "100",
                                     "-s", "100", *words, f"{OFFICE}:5060"])

    def test_calls_go_on_when_a_server_dies(self):
        self.name_server(NAME_SERVER, "--srv-host=_sip._tcp.trunk.test,one.provider.test,5060,10",
                                      "--srv-host=_sip._tcp.trunk.test,two.provider.test,5060,20",
                                      f"--host-record=one.provider.test,{FIRST}", f"--host-record=two.provider.test,{SECOND}")
        first = self.sipp_server("first", FIRST)
        self.sipp_server("second", SECOND)
        border = self.start_border(CALLER_AND_ROUTE + OVER_TCP)
        caller = self.caller(CALLS)
        wait_for("a few calls", lambda: len(border.records()) >= 5, 30)
        self.assertEqual(self.invites_to(SECOND), [])
        self.end(first)
        self.assertEqual(caller.wait(60), 0, (self.folder / "caller.log").read_text(errors="replace")[-2000:])
        answered = [record for record in border.records() if record["result"] == "answered"]
        self.assertEqual(len(answered), CALLS)
        self.assertTrue(self.invites_to(SECOND))

    def test_secure_trunk_is_found_by_its_naptr_record_and_judged_by_its_own_name(self):
        self.name_server(NAME_SERVER, "--naptr-record=trunk.test,10,10,s,SIP+D2U,,_sip._udp.trunk.test",
                                      "--naptr-record=trunk.test,20,10,s,SIPS+D2T,,_sips._tcp.trunk.test",
                                      "--srv-host=_sip._udp.trunk.test,host.provider.test,5060",
                                      "--srv-host=_sips._tcp.trunk.test,host.provider.test,5071",
                                      f"--host-record=host.provider.test,{PROVIDER}")
        self.network.add("provider", [f"{PROVIDER}/24"])
        self.authority.issue("trunk", ["URI:sip:trunk.test", "DNS:trunk.test"], "serverAuth,clientAuth")
        server = self.start("provider", ["openssl", "s_server", "-4", "-accept", "5071", "-Verify", "2", "-verify_return_error",
                                         "-CAfile", "pki/ca.crt", "-cert", "pki/trunk.crt", "-key", "pki/trunk.key",
                                         "-quiet"], stdin=subprocess.PIPE)
        self.wait_listening(server, "tcp", 5071)
        self.start_border(CALLER_AND_ROUTE + OVER_TLS)
        self.caller(1)
        heard = self.folder / "provider.log"
        wait_for("an INVITE over TLS", lambda: b"INVITE sip:100@" in heard.read_bytes(), 20)
        self.assertEqual({line["transport"] for line in self.invites_to(PROVIDER)}, {"tls"})

    def test_server_with_a_certificate_of_its_own_name_is_sent_nothing(self):
        self.name_server(NAME_SERVER, "--srv-host=_sips._tcp.trunk.test,host.provider.test,5071",
                                      f"--host-record=host.provider.test,{PROVIDER}")
        self.network.add("provider", [f"{PROVIDER}/24"])
        self.authority.issue("host", ["URI:sip:host.provider.test", "DNS:host.provider.test"], "serverAuth,clientAuth")
        server = self.start("provider", ["openssl", "s_server", "-4", "-accept", "5071", "-cert", "pki/host.crt",
                                         "-key", "pki/host.key", "-quiet"], stdin=subprocess.PIPE)
        self.wait_listening(server, "tcp", 5071)
        border = self.start_border(CALLER_AND_ROUTE + OVER_TLS)
        self.caller(1)
        record = wait_for("the record", border.records, 20)[0]
        self.assertEqual((record["result"], record["status"]), ("refused", 480))
        self.assertNotIn(b"INVITE", (self.folder / "provider.log").read_bytes())

    def test_name_that_is_nowhere_ends_the_call_and_is_logged_once(self):
        self.name_server(NAME_SERVER, "--local=/test/")
        border = self.start_border(CALLER_AND_ROUTE + OVER_TCP)
        caller = self.caller(3)
        caller.wait(60)
        self.assertEqual([record["status"] for record in border.records()], [480, 480, 480])
        self.assertEqual(border.log.read_text().count("peer.unknown"), 1)


if __name__ == "__main__":
    main()
