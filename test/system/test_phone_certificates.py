#!/usr/bin/python3
"""A server over TLS that is not the one that the profile names: ringwall-phone says nothing to it, not even a REGISTER.
The server is openssl's, and prints whatever it is told."""
import pathlib
import subprocess

from phone_test import PhoneTest, main, profile, wait_for
from system_test import OVER

from lab import pki

DOMAIN = "sip.test"
NAME_SERVER, SERVER, PHONE = "192.0.2.53", "192.0.2.31", "192.0.2.11"


class Certificates(PhoneTest):
    def setUp(self) -> None:
        super().setUp()
        self.name_server(NAME_SERVER, f"--host-record={DOMAIN},{SERVER}")
        self.network.add("server", [f"{SERVER}/24"])

    def meet(self, certificate: pathlib.Path, *words: str, **settings: str):
        """The phone at a server with that certificate."""
        server = self.start("server", ["openssl", "s_server", "-4", "-accept", "5061", "-cert", str(certificate),
                                       "-quiet", *words], stdin=subprocess.PIPE)
        self.wait_listening(server, "tcp", 5061)
        self.wire = self.capture("server")
        return self.phone("phone", PHONE, profile(
            {"Custom_CA_File": str(self.authority.certificate), "Reg_Retry_Intvl": "1", **settings.pop("phone", {})},
            {"SIP_Transport": "TLS", "Proxy": DOMAIN, "User_ID": "alice", "Password": "wonderland", **settings}))

    def heard(self) -> bytes:
        return (self.folder / "server.log").read_bytes()

    def tries(self) -> int:
        """TLS handshakes that the phone began: a ClientHello each (RFC 8446 §4.1.2)."""
        return sum(packet.payload[:1] == b"\x16" and packet.payload[5:6] == b"\x01"
                   for packet in self.payloads(self.wire.since(0), PHONE, SERVER))

    def assert_says_nothing(self, phone, because: str) -> None:
        wait_for("three tries", lambda: self.tries() >= 3, 20)
        self.assertNotIn(b"SIP/2.0", self.heard())
        self.assertNotIn(b"alice", self.heard())
        line = phone.line()
        self.assertFalse(line["registered"])
        self.assertTrue(line["problem"])
        self.assertIn(because, line["problem"])
        self.assertEqual([each for each in self.wire.since(0) if each.source == PHONE and each.protocol == "udp"
                          and each.destination != NAME_SERVER], [])

    def assert_speaks(self) -> None:
        wait_for("a REGISTER", lambda: b"REGISTER sip:sip.test SIP/2.0" in self.heard())

    def good(self) -> pathlib.Path:
        return self.authority.issue("good", [f"DNS:{DOMAIN}"], "serverAuth")

    def test_the_right_one_is_spoken_to(self):
        self.meet(self.good())
        self.assert_speaks()

    def test_another_name(self):
        phone = self.meet(self.authority.issue("other", ["DNS:other.test"], "serverAuth"))
        self.assert_says_nothing(phone, DOMAIN)

    def test_another_name_where_names_do_not_count(self):
        self.meet(self.authority.issue("other", ["DNS:other.test"], "serverAuth"), TLS_Name_Validate="No")
        self.assert_speaks()

    def test_expired(self):
        phone = self.meet(self.authority.issue("over", [f"DNS:{DOMAIN}"], "serverAuth", OVER))
        self.assert_says_nothing(phone, "expired")

    def test_expired_where_names_do_not_count(self):
        phone = self.meet(self.authority.issue("over", [f"DNS:{DOMAIN}"], "serverAuth", OVER), TLS_Name_Validate="No")
        self.assert_says_nothing(phone, "expired")

    def test_unknown_authority(self):
        others = pki.Authority(self.folder / "others", "others")
        phone = self.meet(others.issue("good", [f"DNS:{DOMAIN}"], "serverAuth"))
        self.assert_says_nothing(phone, "issuer")

    def test_an_old_version(self):
        phone = self.meet(self.good(), "-tls1_2", "-cipher", "ALL", phone={"TLS_Min_Version": "TLS 1.3"})
        self.assert_says_nothing(phone, "")

    def test_the_client_certificate_is_shown_to_who_asks(self):
        self.authority.issue("alice", [f"URI:sip:alice@{DOMAIN}"], "clientAuth")
        pki_folder = self.authority.folder
        self.meet(self.good(), "-Verify", "2", "-verify_return_error", "-CAfile", str(self.authority.certificate),
                  phone={"Client_Certificate_File": str(pki_folder / "alice.crt"),
                         "Client_Private_Key_File": str(pki_folder / "alice.key")})
        self.assert_speaks()


if __name__ == "__main__":
    main()
