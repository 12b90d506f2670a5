#!/usr/bin/python3
"""What openssl sees of Ringwall when something is wrong: plain to TLS, TLS to plain, an old version, and
certificates that are expired, of an unknown issuer or for another name; as server and as client."""
import contextlib
import pathlib
import socket
import subprocess
import time

from system_test import OFFICE, OVER, PHONES, SystemTest, main

from lab import outside, pki
from lab.waiting import wait_for

PEER, SWITCH, TRUNK = "192.0.2.11", "198.51.100.21", "198.51.100.41"
PATIENCE = 10  # seconds, for what surely comes

TLS_PEERS = """\
  adjacency sip peers
   inherit profile preset-peering
   security trusted-encrypted
   sip-calls-in secure
   signaling-address ipv4 192.0.2.1
   remote-address ipv4 192.0.2.0 255.255.255.0
   tls client-authentication required
   tls peer-domain peer.test
   attach
"""
PLAIN_SWITCH = """\
  adjacency sip softswitch
   inherit profile preset-core
   security trusted-unencrypted
   signaling-address ipv4 198.51.100.1
   remote-address ipv4 198.51.100.21 255.255.255.255
   signaling-peer 198.51.100.21
   preferred-transport tcp
   attach
"""
TLS_TRUNK = """\
  adjacency sip trunk
   inherit profile preset-peering
   security trusted-encrypted
   sip-calls-out any
   signaling-address ipv4 192.0.2.1
   remote-address ipv4 198.51.100.41 255.255.255.255
   signaling-peer 198.51.100.41
   tls peer-domain trunk.test
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency softswitch
     dst-adjacency trunk
     action complete
   complete
  active-call-policy-set 1
"""


def options(host: str) -> bytes:
    return (f"OPTIONS sip:{host} SIP/2.0\r\nVia: SIP/2.0/TLS {PEER}:5061;branch=z9hG4bK-options\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:peer@peer.test>;tag=1\r\nTo: <sip:{host}>\r\n"
            "Call-ID: options@peer.test\r\nCSeq: 1 OPTIONS\r\nContact: <sip:peer@peer.test>\r\n"
            "Content-Length: 0\r\n\r\n").encode()


class AsServer(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.network.add("peer", [f"{PEER}/24"])
        self.network.add("switch", [f"{SWITCH}/24"])
        self.start_border(TLS_PEERS + PLAIN_SWITCH)
        self.log = self.folder / "s_client.log"

    def s_client(self, *words: str) -> subprocess.Popen:
        with self.log.open("wb") as log:
            process = self.network.start(
                "peer", ["openssl", "s_client", "-connect", f"{PHONES}:5061", "-servername", "ringwall.test",
                         "-CAfile", str(self.authority.certificate), *words],
                stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT)
        self.addCleanup(self.end, process)
        return process

    def seen(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_closed(self, reason: str) -> None:
        """That Ringwall says why it closed the connection."""
        wait_for(f"reason={reason} in the log of ringwall-sbc",
                 lambda: f"reason={reason} " in self.border.log.read_text(errors="replace"))

    def wait_seen(self, *texts: str) -> None:
        wait_for(f"{texts} from openssl (it says: {self.seen()[-1500:]})",
                 lambda: all(text in self.seen() for text in texts))

    def with_certificate(self, authority: pki.Authority, names: list[str], validity=None) -> subprocess.Popen:
        """A connection with a certificate of the client's own."""
        both = authority.issue("peer", names, "clientAuth", validity)
        return self.s_client("-quiet", "-verify_return_error", "-verify_hostname", "ringwall.test",
                             "-cert", str(both), "-key", str(both))

    def send_options(self, process: subprocess.Popen) -> None:
        # Not where an alert is waited for: what meets a closed socket resets it, and an alert not yet
        # read is lost.
        with contextlib.suppress(BrokenPipeError):  # it may have been refused already
            process.stdin.write(options("ringwall.test"))
            process.stdin.flush()

    def test_a_good_certificate_is_let_in_and_ours_verifies(self):
        self.send_options(self.with_certificate(self.authority, ["URI:sip:peer.test", "DNS:peer.test"]))
        self.wait_seen("SIP/2.0 ")

    def test_an_expired_certificate_is_refused(self):
        self.with_certificate(self.authority, ["DNS:peer.test"], OVER)
        self.wait_seen("alert certificate expired")
        self.assertNotIn("SIP/2.0", self.seen())
        self.wait_closed("handshake-failed")

    def test_a_certificate_of_an_unknown_issuer_is_refused(self):
        self.with_certificate(pki.Authority(self.folder / "others", "others"), ["DNS:peer.test"])
        self.wait_seen("alert unknown ca")
        self.assertNotIn("SIP/2.0", self.seen())

    def test_a_certificate_for_another_name_gets_nothing_done(self):
        process = self.with_certificate(self.authority, ["DNS:other.test"])
        self.send_options(process)
        wait_for("a refusal", lambda: process.poll() is not None or "SIP/2.0 403" in self.seen())
        self.assertNotIn("SIP/2.0 2", self.seen())

    def test_no_certificate_is_refused_where_one_is_required(self):
        self.s_client("-quiet")
        self.wait_seen("alert certificate required")

    def test_tls_1_1_is_answered_with_alert_70(self):
        process = self.s_client("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0")
        process.wait(PATIENCE)
        self.assertIn("alert number 70", self.seen())

    def test_tls_1_2_and_1_3_are_spoken(self):
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                both = self.authority.issue("peer", ["DNS:peer.test"], "clientAuth")
                self.s_client(version, "-cert", str(both), "-key", str(both), "-verify_return_error")
                self.wait_seen("Verify return code: 0 (ok)")

    def test_plain_sip_to_tls_is_closed_within_a_second_and_hears_no_sip(self):
        with self.network.socket("peer", socket.SOCK_STREAM) as plain:
            plain.settimeout(5)
            plain.connect((PHONES, 5061))
            started = time.monotonic()
            plain.sendall(options("ringwall.test"))
            received = b""
            try:
                while block := plain.recv(4096):
                    received += block
            except ConnectionResetError:
                pass
            self.assertLess(time.monotonic() - started, 1.0)
        self.assertNotIn(b"SIP/2.0", received)
        self.wait_closed("plain-on-tls")

    def test_tls_to_plain_is_closed_within_a_second_and_hears_no_sip(self):
        link = self.capture("switch")
        started = time.monotonic()
        done = self.network.run("switch", ["openssl", "s_client", "-connect", f"{OFFICE}:5060"],
                                timeout=PATIENCE)
        self.assertLess(time.monotonic() - started, 1.5)
        self.assertNotEqual(done.returncode, 0)
        sent = b"".join(packet.payload for packet in link.since(0) if packet.source == OFFICE)
        self.assertEqual(sent, b"")
        self.wait_closed("tls-on-plain")


class AsClient(SystemTest):
    """Ringwall opens a TLS connection: what does not verify never sees a SIP message."""

    def call_towards(self, authority: pki.Authority, names: list[str], validity=None,
                     seconds: float = PATIENCE) -> tuple[pathlib.Path, list[int]]:
        """The log of what the TLS server got, and what the caller was answered until the end or for so long."""
        self.network.add("switch", [f"{SWITCH}/24"])
        self.network.add("trunk", [f"{TRUNK}/24"], ["192.0.2.0/24"])
        both = authority.issue("trunk", names, "serverAuth", validity)
        log = self.folder / "s_server.log"
        with log.open("wb") as output:
            # Its input stays open: s_server ends with its input.
            server = self.network.start(
                "trunk", ["openssl", "s_server", "-quiet", "-accept", f"{TRUNK}:5061", "-cert", str(both),
                          "-key", str(both)], stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT)
        self.addCleanup(self.end, server)
        self.wait_listening(server, "tcp", 5061)
        self.start_border(PLAIN_SWITCH + TLS_TRUNK)
        statuses = outside.invite(self.network, "switch", SWITCH, OFFICE, "sip:100@office.test", seconds)
        return log, statuses

    def test_a_good_certificate_gets_the_call(self):
        log, statuses = self.call_towards(self.authority, ["DNS:trunk.test"], seconds=5)
        wait_for("an INVITE at the trunk", lambda: "INVITE sip:100@" in log.read_text(errors="replace"))
        self.assertEqual(statuses, [100])

    def test_an_expired_certificate_gets_nothing(self):
        log, statuses = self.call_towards(self.authority, ["DNS:trunk.test"], OVER)
        self.assertNotIn("INVITE", log.read_text(errors="replace"))
        self.assertEqual(statuses[-1:], [480])

    def test_a_certificate_for_another_name_gets_nothing(self):
        log, statuses = self.call_towards(self.authority, ["DNS:other.test"])
        self.assertNotIn("INVITE", log.read_text(errors="replace"))
        self.assertEqual(statuses[-1:], [480])

    def test_a_certificate_of_an_unknown_issuer_gets_nothing(self):
        log, statuses = self.call_towards(pki.Authority(self.folder / "others", "others"), ["DNS:trunk.test"])
        self.assertNotIn("INVITE", log.read_text(errors="replace"))
        self.assertEqual(statuses[-1:], [480])


if __name__ == "__main__":
    main()
