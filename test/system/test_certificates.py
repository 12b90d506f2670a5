#!/usr/bin/python3
"""Files change while ringwall-sbc runs: its certificate is renewed, peers are revoked, a file is broken, or is when it is
started. Seen by openssl: who is shown what, and which connections stay."""
import re
import signal
import socket
import subprocess

from sip_peer import SipPeer
from system_test import HEADER, OFFICE, OUTSIDE, PHONES, PROGRAM, Border, SystemTest, main

from lab.waiting import wait_for

PEERS = ("192.0.2.11", "192.0.2.12")

CONFIGURATION = """\
  tls crl pki/crl.pem
  adjacency sip peers
   inherit profile preset-peering
   security trusted-encrypted
   signaling-address ipv4 192.0.2.1
   remote-address ipv4 192.0.2.0 255.255.255.0
   tls client-authentication required
   tls peer-domain peer.test
   attach
"""


def options(address: str, number: int) -> bytes:
    return (f"OPTIONS sip:ringwall.test SIP/2.0\r\nVia: SIP/2.0/TLS {address}:5061;branch=z9hG4bK-{number}\r\n"
            "Max-Forwards: 70\r\nFrom: <sip:peer@peer.test>;tag=1\r\nTo: <sip:ringwall.test>\r\n"
            f"Call-ID: {number}@peer.test\r\nCSeq: {number} OPTIONS\r\nContact: <sip:peer@peer.test>\r\n"
            "Content-Length: 0\r\n\r\n").encode()


class Connection:
    """Of openssl s_client, with a certificate of its own."""

    def __init__(self, test: "Certificates", host: str, address: str) -> None:
        self._test, self._address, self._sent = test, address, 0
        self._log = test.folder / f"{host}.openssl.log"
        with self._log.open("wb") as log:
            self.process = test.network.start(
                host, ["openssl", "s_client", "-connect", f"{PHONES}:5061", "-servername", "ringwall.test", "-CAfile",
                       str(test.authority.certificate), "-cert", str(test.folder / f"pki/{host}.crt"), "-key",
                       str(test.folder / f"pki/{host}.key"), "-ign_eof", "-showcerts", "-verify_return_error"],
                stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT)
        test.addCleanup(test.end, self.process)

    def seen(self) -> str:
        return self._log.read_text(errors="replace")

    def ask(self) -> None:
        """OPTIONS, and its answer."""
        self._sent += 1
        self.process.stdin.write(options(self._address, self._sent))
        self.process.stdin.flush()
        wait_for(f"answer {self._sent} over the connection of {self._address} (it has {self.seen()[-800:]})",
                 lambda: self.seen().count("SIP/2.0 200") == self._sent)

    def shown(self) -> str:
        """The certificate of ringwall-sbc."""
        wait_for("a certificate", lambda: "END CERTIFICATE" in self.seen())
        return re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", self.seen(), re.S)[0]


class Certificates(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        for number, address in enumerate(PEERS):
            self.network.add(f"peer{number}", [f"{address}/24"])
            self.authority.issue(f"peer{number}", ["DNS:peer.test"], "clientAuth")
        self.authority.revoke()
        self.start_border(CONFIGURATION)

    def connect(self, number: int) -> Connection:
        connection = Connection(self, f"peer{number}", PEERS[number])
        connection.ask()
        return connection

    def renew(self) -> str:
        self.authority.issue("sbc", ["URI:sip:ringwall.test", "DNS:ringwall.test"], "serverAuth,clientAuth")
        return self.ours()

    def ours(self) -> str:
        return (self.folder / "pki/sbc.crt").read_text().strip()

    def said(self, event: str) -> int:
        return self.border.log.read_text(errors="replace").count(event)

    def wait_said(self, event: str, times: int = 1) -> None:
        wait_for(f"{event} in the log of ringwall-sbc", lambda: self.said(event) >= times)

    def test_a_renewed_certificate_is_shown_and_no_connection_ends(self):
        first = self.connect(0)
        before = self.ours()
        self.assertEqual(first.shown(), before)
        after = self.renew()
        self.assertNotEqual(before, after)
        self.wait_said("certificates.reloaded adjacencies=peers")
        second = self.connect(1)
        self.assertEqual(second.shown(), after)
        first.ask()
        self.assertEqual(self.said("reason=not-trusted"), 0)

    def test_what_is_renewed_right_after_the_start_is_noticed(self):
        self.border.stop()
        self.border.start_again()
        after = self.renew()
        self.wait_said("certificates.reloaded")
        self.assertEqual(self.connect(0).shown(), after)

    def test_sighup_looks_at_once(self):
        after = self.renew()
        self.border.signal(signal.SIGHUP)
        self.wait_said("certificates.reloaded")
        self.assertEqual(self.connect(0).shown(), after)

    def test_a_broken_certificate_leaves_the_one_before(self):
        before = self.ours()
        (self.folder / "pki/sbc.crt").write_text(before[:200])
        self.border.signal(signal.SIGHUP)
        self.wait_said("certificates.not-reloaded")
        self.assertEqual(self.connect(0).shown(), before)
        after = self.renew()
        self.border.signal(signal.SIGHUP)
        self.wait_said("certificates.reloaded")
        self.assertEqual(self.connect(1).shown(), after)

    def test_whoever_is_revoked_is_closed_and_nobody_else(self):
        first, second = self.connect(0), self.connect(1)
        self.authority.revoke("peer0")
        self.wait_said("certificates.reloaded")
        wait_for("the end of the connection that was revoked", lambda: first.process.poll() is not None)
        self.assertEqual(self.said("reason=not-trusted"), 1)
        second.ask()
        again = Connection(self, "peer0", PEERS[0])
        wait_for("the refusal of what is revoked", lambda: "alert certificate revoked" in again.seen())
        self.assertNotIn("SIP/2.0 200", again.seen())


SWITCH, TRUNK = "198.51.100.21", "203.0.113.70"
WITH_TRUNK = f"""\
  adjacency sip peers
   inherit profile preset-peering
   security trusted-encrypted
   signaling-address ipv4 {PHONES}
   remote-address ipv4 192.0.2.0 255.255.255.0
   tls client-authentication required
   tls peer-domain peer.test
   attach
  adjacency sip trunk
   security trusted-encrypted
   sip-calls-out any
   signaling-address ipv4 {OUTSIDE}
   signaling-peer {TRUNK}
   tls peer-domain trunk.test
   tls certificate ../pki/trunk.crt
   tls private-key ../pki/trunk.key
   attach
  adjacency sip office
   security trusted-unencrypted
   signaling-address ipv4 {OFFICE}
   signaling-peer {SWITCH}
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


class BrokenTrunk(SystemTest):
    """One file of one adjacency is broken; the border controller has a store and a console."""

    def setUp(self) -> None:
        super().setUp()
        for host, address in (("peer0", PEERS[0]), ("switch", SWITCH), ("trunk", TRUNK)):
            self.network.add(host, [f"{address}/24"])
        self.authority.issue("peer0", ["DNS:peer.test"], "clientAuth")
        self.mend()
        self.border = Border(self.network, "sbc", PROGRAM, self.folder)
        self.addCleanup(self._stop_border)
        self.border.wait_ready()
        self.say("configure\n" + HEADER.replace(" pki/", " ../pki/") + WITH_TRUNK + "commit")
        self.link = self.capture("sbc")
        self.switch = SipPeer(self, "switch", SWITCH)
        self.switch.turn_to(OFFICE)

    def say(self, script: str) -> str:
        done = self.border.say(script + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout + done.stderr

    def mend(self) -> None:
        self.authority.issue("trunk", ["DNS:ringwall.test"], "serverAuth,clientAuth")

    def break_it(self) -> None:
        (self.folder / "pki/trunk.crt").write_text("-----BEGIN CERTIFICATE-----\nhalf")

    def wait_said(self, event: str) -> None:
        wait_for(f"{event} in the log of ringwall-sbc", lambda: event in self.border.log.read_text(errors="replace"))

    def serves_peers(self) -> bool:
        Connection(self, "peer0", PEERS[0]).ask()
        return True

    def trunk_may_connect(self) -> bool:
        with self.network.socket("trunk", socket.SOCK_STREAM) as end:
            end.settimeout(5)
            try:
                end.connect((OUTSIDE, 5061))
            except ConnectionRefusedError:
                return False
            return True

    def call_by_trunk(self, number: int) -> int:
        """How many packets have gone to the trunk when it is answered; it has no server, so nobody ever takes a call."""
        before = self.link.mark()
        self.switch.ask("INVITE", "sip:1@ringwall.test", f"<sip:9001@{SWITCH}>;tag=switch", "<sip:1@ringwall.test>", f"{number}@x",
                        self.switch.description, Content_Type="application/sdp")
        self.switch.expect_final("INVITE", 40)
        return len([packet for packet in self.link.since(before) if packet.destination == TRUNK])

    def test_holds_back_no_commit_of_something_else(self):
        self.break_it()
        self.border.signal(signal.SIGHUP)
        self.wait_said("certificates.not-reloaded")
        said = self.say("configure\nsbc test\nsbe\nadjacency sip peers\ndescription renamed\ncommit")
        self.assertIn("what was there before is still in force", said)
        self.assertIn("description renamed", self.say("show running-config"))
        self.assertTrue(self.trunk_may_connect())
        self.assertIn("adjacency 'trunk'", self.say("show alarms"))
        refused = self.border.say("configure\nsbc test\nsbe\nadjacency sip trunk\ntls minimum-version 1.3\ncommit\n")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("adjacency 'trunk'", refused.stderr)

    def test_after_a_start_it_alone_does_not_serve_until_it_is_mended(self):
        self.assertNotEqual(self.call_by_trunk(1), 0)
        self.assertEqual(self.border.stop(), 0)
        self.break_it()
        checked = subprocess.run([str(PROGRAM), "--check", "--store", "store"], cwd=self.folder, capture_output=True, text=True,
                                 timeout=60, check=False)
        self.assertEqual(checked.returncode, 78, checked.stderr)
        self.assertIn("TLS of adjacency 'trunk'", checked.stderr)
        self.border.start_again()
        self.wait_said("adjacency.out-of-service")
        self.assertIn("out of service: 'trunk'", self.say("show alarms"))
        self.assertTrue(self.serves_peers())
        self.assertFalse(self.trunk_may_connect())
        before = self.link.mark()
        self.assertEqual(self.call_by_trunk(2), 0)
        self.say("configure\nsbc test\nsbe\nadjacency sip peers\ndescription renamed\ncommit")
        self.assertIn("out of service: 'trunk'", self.say("show alarms"))
        self.assertFalse(self.trunk_may_connect())
        self.assertEqual([packet for packet in self.link.since(before) if packet.destination == TRUNK and packet.payload], [])
        self.mend()
        self.wait_said("certificates.reloaded adjacencies=trunk")
        self.assertNotIn("out of service", self.say("show alarms"))
        self.assertTrue(self.trunk_may_connect())
        self.assertNotEqual(self.call_by_trunk(3), 0)


if __name__ == "__main__":
    main()
