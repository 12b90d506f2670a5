#!/usr/bin/python3
"""ringwall-phone registers at Kamailio and calls by it, over UDP, TCP and TLS."""
from phone_test import main, wait_for
from registrar import ALICE, DOMAIN, AtKamailio, start_registrar

from lab import ear

NAME_SERVER, SERVER = "192.0.2.53", "192.0.2.31"


class Registered(AtKamailio):
    def setUp(self) -> None:
        super().setUp()
        self.name_server(NAME_SERVER, f"--host-record={DOMAIN},{SERVER}")
        self.network.add("server", [f"{SERVER}/24"])
        start_registrar(self, "server", SERVER, DOMAIN)
        self.network.add("alice", [f"{ALICE}/24"])
        self.wire = self.capture("alice")

    def calls(self, transport: str, *, is_encrypted: bool, **settings) -> None:
        alice, bob = self.two_phones(transport, **settings)
        for caller, callee in ((alice, bob), (bob, alice)):
            with self.subTest(caller=caller.name):
                for stream, phone in zip(self.call(caller, callee, self.wire), (caller, callee)):
                    heard = ear.listen(stream.packets, phone.tone)
                    self.assertTrue(heard.is_noise if is_encrypted else heard.has_tone, heard)

    def sip_on_the_wire(self) -> bytes:
        return b"".join(packet.payload for packet in self.wire.since(0) if b"SIP/2.0" in packet.payload)

    def test_over_udp(self):
        self.calls("UDP", is_encrypted=False)
        sip = self.sip_on_the_wire()
        self.assertIn(b"401 Unauthorized", sip)
        self.assertNotIn(b"a=crypto", sip)

    def test_over_udp_with_encrypted_media(self):
        self.calls("UDP", is_encrypted=True, phone={"Secure_Call_Setting": "Yes"})

    def test_over_tcp(self):
        self.calls("TCP", is_encrypted=False)
        self.assertNotIn("udp", {packet.protocol for packet in self.wire.since(0) if b"SIP/2.0" in packet.payload})

    def test_over_tls(self):
        self.calls("TLS", is_encrypted=True)
        self.assertEqual(self.sip_on_the_wire(), b"")

    def test_wrong_password_is_said_and_not_tried_for_ever(self):
        alice = self.phone("alice", ALICE, self.account("alice", "UDP", Password="rabbit"))
        wait_for("a refusal", lambda: alice.line()["problem"])
        self.assertFalse(alice.line()["registered"])
        self.assertIn("401", alice.line()["problem"])
        self.assertLessEqual(self.sip_on_the_wire().count(b"REGISTER sip:"), 2)
        self.assertNotIn("rabbit", alice.log.read_text())

    def test_farewell_removes_the_binding(self):
        alice, bob = self.two_phones("UDP")
        self.assertEqual(bob.stop(), 0)
        alice.dial("bob")
        self.assertIn("404", alice.wait_closed())


if __name__ == "__main__":
    main()
