#!/usr/bin/python3
"""The flows of RFC 5630 section 6 with SIPp: over TLS behind a stunnel that verifies us, over TCP as it is.

Bob's PC has a sip contact over TCP and his phone a sips contact over TLS; Alice has both. Ringwall is Proxy A, Edge Proxy B,
registrar and Proxy B in one. What went over each hop is seen on Ringwall's link."""
import hashlib
import os
import pathlib
import re
import subprocess

from system_test import OFFICE, OUTSIDE, PHONES, SystemTest, main

from lab.capture import Packet
from lab.waiting import Overdue, wait_for

PC, PHONE, ALICE, MALLORY = "192.0.2.11", "192.0.2.12", "198.51.100.21", "203.0.113.31"
SCENARIOS = pathlib.Path(__file__).resolve().parent / "sipp"
TUNNEL_PORT = 15061  # on the host itself, in the clear; beyond it is TLS
INSTANCES = {"bobpc": "0C67446E-F1A1-11D9-94D3-000A95A0E128", "bobphone": "6F85D4E3-E8AA-46AA-B768-BF39D5912143"}

# Bob's phone takes calls to both schemes, so sip calls may leave to it.
CONFIGURATION = """\
  subscriber bob@example.com
   password builder
  adjacency sip bobphones
   security trusted-encrypted
   sip-calls-out any
   inherit profile preset-access
   domain example.com
   authentication algorithm md5
   local-id host pb.example.com
   signaling-address ipv4 192.0.2.1
   tls client-authentication off
   attach
  adjacency sip bobpcs
   inherit profile preset-access
   domain example.com
   authentication algorithm md5
   local-id host pb.example.com
   signaling-address ipv4 192.0.2.1
   attach
  adjacency sip alice-tls
   security trusted-encrypted
   signaling-address ipv4 198.51.100.1
   remote-address ipv4 198.51.100.21 255.255.255.255
   tls peer-domain alice-1.example.net
   attach
  adjacency sip alice-tcp
   security trusted-unencrypted
   signaling-address ipv4 198.51.100.1
   remote-address ipv4 198.51.100.21 255.255.255.255
   attach
  adjacency sip outside
   signaling-address ipv4 203.0.113.1
   attach
"""

TUNNEL = """\
foreground = yes
pid =
[sip]
client = yes
accept = {address}:{port}
connect = {server}:5061
sni = {name}
CAfile = {authority}
verifyChain = yes
checkHost = {name}
"""


def authorization(uri: str, nonce: str) -> str:
    """Bob's (RFC 7616 section 3.4), for a REGISTER."""
    def md5(*parts: str) -> str:
        return hashlib.md5(":".join(parts).encode()).hexdigest()

    response = md5(md5("bob", "example.com", "builder"), nonce, "00000001", "c0ffee", "auth", md5("REGISTER", uri))
    return (f'Authorization: Digest username="bob", realm="example.com", nonce="{nonce}", uri="{uri}", algorithm=MD5, '
            f'qop=auth, nc=00000001, cnonce="c0ffee", response="{response}"')


def opened_for_writing(pipe: pathlib.Path) -> int | None:
    """None: nobody reads it yet."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


class Sips(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.authority.issue("sbc", ["URI:sip:example.com", "DNS:example.com", "DNS:pb.example.com"], "serverAuth,clientAuth")
        self.start_border(CONFIGURATION)
        self.link = self.capture("sbc")
        self.network.add("bobpc", [f"{PC}/24"])
        self.network.add("bobphone", [f"{PHONE}/24"])
        self.network.add("alice", [f"{ALICE}/24"])
        self.network.add("mallory", [f"{MALLORY}/24"])

    # Peers.

    def tunnel(self, host: str, address: str, server: str, certificate: str = "") -> str:
        """A stunnel on that host; returns where SIPp finds it."""
        file = self.folder / f"{host}.stunnel"
        file.write_text(TUNNEL.format(address=address, port=TUNNEL_PORT, server=server, name="pb.example.com",
                                      authority=self.authority.certificate) + certificate)
        self.wait_listening(self.start(host, ["stunnel4", str(file)]), "tcp", TUNNEL_PORT)
        return f"{address}:{TUNNEL_PORT}"

    def sipp(self, host: str, address: str, server: str, scenario: str, keys: dict[str, str], *words: str) -> subprocess.Popen:
        """One call over one TCP connection; all that it says and hears is in HOST.messages."""
        told = [word for key, value in keys.items() for word in ("-key", key, value)]
        return self.start(host, ["sipp", server, "-i", address, "-t", "t1", "-m", "1", "-nostdin", "-sf",
                                 str(SCENARIOS / scenario), "-trace_msg", "-message_file", str(self.folder / f"{host}.messages"),
                                 "-message_overwrite", "true", "-timeout", "60", "-timeout_error", *told, *words])

    def messages(self, host: str) -> str:
        file = self.folder / f"{host}.messages"
        return file.read_text(errors="replace") if file.exists() else ""

    def wait_message(self, host: str, text: str) -> None:
        try:
            wait_for(f"{text!r} at {host}", lambda: text in self.messages(host), 20)
        except Overdue as overdue:
            raise Overdue(f"{overdue}\n{self.messages(host)}\n{self.logs()}") from None

    def register(self, device: str, address: str, server: str, scheme: str, transport: str, then: str) -> None:
        """It keeps its connection, and plays `then` when it is called. SIPp's own digest is always for a sip URI, so it reads its
        credentials from a pipe."""
        pipe = self.folder / f"{device}.credentials"
        os.mkfifo(pipe)
        self.sipp(device, address, server, "sips_register.xml",
                  {"scheme": scheme, "via": transport, "device": device, "instance": INSTANCES[device], "credentials": str(pipe)},
                  "-oocsf", str(SCENARIOS / then))
        self.wait_message(device, "SIP/2.0 401 ")
        nonce = re.search(r'nonce="([^"]+)"', self.messages(device))[1]
        descriptor = wait_for(f"{device} to read its credentials", lambda: opened_for_writing(pipe))
        with open(descriptor, "w", encoding="ascii") as credentials:
            credentials.write(authorization(f"{scheme}:pb.example.com", nonce))
        self.wait_message(device, "SIP/2.0 200 ")

    def register_pc(self) -> None:
        self.register("bobpc", PC, f"{PHONES}:5060", "sip", "TCP", "sips_ring.xml")

    def register_phone(self) -> None:
        self.register("bobphone", PHONE, self.tunnel("bobphone", PHONE, PHONES), "sips", "TLS", "sips_answer.xml")

    def call(self, scenario: str, scheme: str, transport: str) -> str:
        """Alice's; all that she said and heard."""
        server = f"{OFFICE}:5060"
        if transport == "TLS":
            both = self.authority.issue("alice", ["DNS:alice-1.example.net", "URI:sip:alice-1.example.net"], "clientAuth")
            server = self.tunnel("alice", ALICE, OFFICE, f"cert = {both}\nkey = {both}\n")
        return self.call_by("alice", ALICE, server, scenario, scheme, transport, "alice@example.net")

    def call_by(self, host: str, address: str, server: str, scenario: str, scheme: str, transport: str, caller: str) -> str:
        process = self.sipp(host, address, server, scenario, {"scheme": scheme, "via": transport, "caller": caller})
        self.assertEqual(process.wait(70), 0, self.logs() + self.messages(host))
        return self.messages(host)

    # What was seen.

    def sent(self, packets: list[Packet], address: str) -> list[bytes]:
        """What went to that host."""
        return [packet.payload for packet in packets if packet.destination == address and packet.payload]

    def assert_tls(self, address: str) -> None:
        """All that ever went to or came from that host."""
        packets = [packet for packet in self.link.since(0) if address in (packet.source, packet.destination) and packet.payload]
        self.assertTrue(packets)
        for one_way in ([packet for packet in packets if packet.source == address],
                        [packet for packet in packets if packet.destination == address]):
            self.assertTrue(one_way[0].payload.startswith(b"\x16\x03"), one_way[0])  # a handshake of TLS
        self.assertEqual([packet for packet in packets if packet.protocol != "tcp" or b"SIP/2.0" in packet.payload], [])

    def invited(self) -> list[tuple[str, str, str]]:
        """By the border controller's own trace: whom it sent an INVITE, how, and to which URI."""
        return sorted((entry["peer"].rpartition(":")[0], entry["transport"], entry["message"].split()[1])
                      for entry in self.border.trace()
                      if entry["direction"] == "out" and entry["message"].startswith("INVITE"))

    # The flows.

    def test_bob_registers_his_contacts(self):
        self.register_pc()
        self.register_phone()
        self.assertIn("Require: outbound", self.messages("bobpc"))
        answer = self.messages("bobphone").rpartition("SIP/2.0 200 ")[2]
        self.assertIn("Require: outbound", answer)
        for contact in ("<sip:bob@bobpc.example.com>", "<sips:bob@bobphone.example.com>"):
            self.assertIn(contact, answer)
        self.assert_tls(PHONE)
        self.assertIn(b"REGISTER sip:pb.example.com", b"".join(packet.payload for packet in self.link.since(0)))

    def test_alice_calls_bobs_sips_address_of_record(self):
        self.register_pc()
        self.register_phone()
        mark = self.link.mark()
        heard = self.call("sips_call.xml", "sips", "TLS")
        record = self.border.wait_record("alice", "bob")
        self.assertEqual((record["result"], record["secure"]), ("answered", True))
        self.assertIn("SIP/2.0 180", heard)
        self.assertEqual(self.sent(self.link.since(mark), PC), [])
        self.assertEqual(self.invited(), [(PHONE, "tls", "sips:bob@bobphone.example.com")])
        self.assertNotIn("sip:", heard + self.messages("bobphone").partition("INVITE ")[2])
        self.assert_tls(ALICE)
        self.assert_tls(PHONE)

    def both_ring(self, transport: str) -> None:
        self.register_pc()
        self.register_phone()
        mark = self.link.mark()
        heard = self.call("sips_call.xml", "sip", transport)
        self.wait_message("bobpc", "SIP/2.0 487")
        record = self.border.wait_record("alice", "bob")
        self.assertEqual((record["result"], record["secure"]), ("answered", False))
        self.assertEqual(self.invited(), [(PC, "tcp", "sip:bob@bobpc.example.com"),
                                          (PHONE, "tls", "sip:bob@bobphone.example.com")])
        # The filter that saw nothing of a SIPS call.
        to_pc = b"".join(self.sent(self.link.since(mark), PC))
        self.assertIn(b"INVITE sip:bob@bobpc.example.com", to_pc)
        self.assertIn(b"CANCEL sip:bob@bobpc.example.com", to_pc)
        self.assertNotIn("sips:", heard + self.messages("bobphone").partition("INVITE ")[2])
        self.assert_tls(PHONE)

    def test_alice_calls_bobs_sip_address_of_record_by_tcp(self):
        self.both_ring("TCP")

    def test_alice_calls_bobs_sip_address_of_record_by_tls(self):
        self.both_ring("TLS")
        self.assert_tls(ALICE)

    # What must not be.

    def test_a_sips_call_does_not_go_to_a_sip_contact(self):
        self.register_pc()
        mark = self.link.mark()
        heard = self.call("sips_refused.xml", "sips", "TLS")
        self.assertEqual(self.border.wait_record("alice", "bob")["result"], "refused")
        self.assertRegex(heard, r"Warning: 380 .*SIPS Not Allowed")
        self.assertEqual(self.sent(self.link.since(mark), PC), [])
        self.assertEqual(self.invited(), [])

    def test_an_untrusted_call_does_not_go_to_a_sips_contact(self):
        self.register_phone()
        mark = self.link.mark()
        heard = self.call_by("mallory", MALLORY, f"{OUTSIDE}:5060", "sips_refused.xml", "sip", "TCP", "mallory@example.org")
        self.assertEqual(self.border.wait_record("mallory", "bob")["result"], "refused")
        self.assertNotIn("Warning:", heard)
        self.assertEqual(self.sent(self.link.since(mark), PHONE), [])
        self.assertEqual(self.invited(), [])
        self.call("sips_call.xml", "sip", "TCP")  # a trusted one does, and the filter sees it
        self.assertNotEqual(self.sent(self.link.since(mark), PHONE), [])


if __name__ == "__main__":
    main()
