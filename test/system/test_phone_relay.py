#!/usr/bin/python3
"""Phones register at a Kamailio behind Ringwall: over TLS and over UDP, they call each other by it, and it hears of the
long refreshes only. An address-of-record that is SIPS does not reach it by an adjacency that it may not."""
import socket
import ssl

from kamailio import Kamailio
from phone_test import PhoneTest, TONE, main, profile, wait_for
from system_test import OFFICE, PHONES

ALICE, BOB, CAROL, NAME_SERVER = "192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.53"
REGISTRAR, DORA = "198.51.100.21", "198.51.100.30"
DOMAIN = "ringwall.test"
CONFIGURATION = """\
  adjacency sip phones
   security trusted-encrypted
   sip-calls-out any
   inherit profile preset-access
   domain ringwall.test
   signaling-address ipv4 192.0.2.1
   registration target adjacency registrar
   attach
  adjacency sip desks
   inherit profile preset-access
   domain ringwall.test
   signaling-address ipv4 192.0.2.1
   registration target adjacency registrar
   fast-register-interval 15
   attach
  adjacency sip registrar
   {security}
   media-security preferred
   signaling-address ipv4 198.51.100.1
   remote-address ipv4 198.51.100.0 255.255.255.0
   signaling-peer 198.51.100.21
   attach
"""
# Who is behind Ringwall was challenged when it registered.
ROUTES = """\
request_route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (is_method("REGISTER")) {
        if (!pv_www_authenticate("@DOMAIN@", "secret-of-$au", "0")) { www_challenge("@DOMAIN@", "1"); exit; }
        save("location");
        exit;
    }
    if (has_totag()) {
        if (!loose_route()) { sl_send_reply("404", "Not Here"); exit; }
        t_relay();
        exit;
    }
    if (is_method("CANCEL")) { t_relay(); exit; }
    record_route();
    if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
    t_relay();
}
"""


class Relay(PhoneTest):
    def start_all(self, security: str) -> None:
        self.name_server(NAME_SERVER, f"--host-record={DOMAIN},{PHONES}")
        self.network.add("registrar", [f"{REGISTRAR}/24"])
        Kamailio(self, "registrar", REGISTRAR, DOMAIN, ROUTES)
        self.start_border(CONFIGURATION.format(security=security))
        self.wire = self.capture("registrar")

    def start_phone(self, name: str, address: str, transport: str, tone: int, proxy: str = DOMAIN):
        phone = self.phone(name, address, profile(
            {"Custom_CA_File": str(self.authority.certificate)},
            {"SIP_Transport": transport, "Proxy": proxy, "User_ID": name, "Password": f"secret-of-{name}"}), tone=tone)
        phone.wait_registered()
        return phone

    def registers(self) -> list[str]:
        """What came to the registrar from Ringwall, by whatever transport: the messages themselves, however often."""
        return list(dict.fromkeys(
            packet.payload.decode(errors="replace") for packet in self.wire.since(0)
            if (packet.source, packet.destination) == (OFFICE, REGISTRAR) and packet.payload.startswith(b"REGISTER ")))

    def register_once(self, scheme: str) -> str:
        """A REGISTER of carol's over TLS, without proof; the answer."""
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        stream = self.network.socket("carol", socket.SOCK_STREAM)
        self.addCleanup(stream.close)
        stream.settimeout(10)
        stream.connect((PHONES, 5061))
        with context.wrap_socket(stream, server_hostname=DOMAIN) as wrapped:
            wrapped.sendall("\r\n".join((
                f"REGISTER {scheme}:{DOMAIN} SIP/2.0", f"Via: SIP/2.0/TLS {CAROL}:5061;branch=z9hG4bK{scheme}",
                "Max-Forwards: 70", f"From: <{scheme}:carol@{DOMAIN}>;tag=1", f"To: <{scheme}:carol@{DOMAIN}>",
                f"Call-ID: {scheme}-1", "CSeq: 1 REGISTER", f"Contact: <{scheme}:carol@{CAROL}:5061>",
                "Content-Length: 0", "", "")).encode())
            return wrapped.recv(8192).decode()

    def test_calls_and_refreshes(self):
        self.start_all("security trusted-unencrypted")
        bob = self.start_phone("bob", BOB, "TLS", TONE)
        carol = self.start_phone("carol", CAROL, "TLS", 440)
        alice = self.start_phone("alice", ALICE, "UDP", 660)
        self.assertEqual(len(self.registers()), 6, "each once, and once more with its proof")
        for register in self.registers():
            self.assertRegex(register, rf"Contact: <sip:rw-[0-9a-f]{{32}}@{OFFICE}")
            self.assertIn("expires=3600", register)
            self.assertNotIn("192.0.2.1", register)

        ears = {phone: self.capture(phone.name) for phone in (carol, bob)}
        carol.dial("bob")
        for phone in (carol, bob):
            phone.wait_established()
            self.wait_audio(ears[phone], 0, phone.address)
        bob.hang_up()
        for phone in (carol, bob):
            phone.wait_closed()
            self.assert_heard(phone, TONE if phone is carol else 440)

        # The one over UDP is called by whoever is at its registrar, and keeps itself registered here.
        dora = self.start_phone("dora", DORA, "UDP", 880, REGISTRAR)
        dora.dial("alice")
        alice.wait_established()
        dora.hang_up()
        alice.wait_closed()
        wire = self.capture("alice")
        wait_for("three refreshes over UDP", lambda: sum(
            packet.payload.startswith(b"SIP/2.0 200") and b"CSeq: " in packet.payload and b"REGISTER" in packet.payload
            for packet in wire.since(0)) >= 3, 60)
        self.assertEqual(len(self.registers()), 6, "none of them reached the registrar")
        self.assertTrue(alice.line()["registered"])

    def refused_sips(self, security: str) -> None:
        """And sip, by the same way, is not: else the capture would show nothing whatever came."""
        self.start_all(security)
        self.network.add("carol", [f"{CAROL}/24"])
        answer = self.register_once("sips")
        self.assertTrue(answer.startswith("SIP/2.0 480 "), answer)
        self.assertIn("Warning: 380 ", answer)
        self.assertEqual(self.registers(), [])
        self.assertTrue(self.register_once("sip").startswith("SIP/2.0 401 "))
        self.assertEqual(len(self.registers()), 1)

    def test_sips_goes_to_no_untrusted_registrar(self):
        self.refused_sips("security untrusted")

    def test_sips_goes_to_no_registrar_of_sip(self):
        self.refused_sips("security trusted-unencrypted\n   sips-conversion to-sip")

    def test_sips_goes_to_one_that_may_know_it(self):
        self.start_all("security trusted-unencrypted")
        self.network.add("carol", [f"{CAROL}/24"])
        self.assertTrue(self.register_once("sips").startswith("SIP/2.0 401 "))
        self.assertEqual(len(self.registers()), 1)


if __name__ == "__main__":
    main()
