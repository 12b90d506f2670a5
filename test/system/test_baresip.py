#!/usr/bin/python3
"""baresip registers over TLS: with and without a client certificate, with a wrong password."""
from system_test import PHONES, SystemTest, main

from lab.phone import Phone
from lab.waiting import Overdue, wait_for

CONFIGURATION = """\
  subscriber alice@ringwall.test
   password wonderland
  adjacency sip phones
   inherit profile preset-access
   authentication algorithm md5   ! baresip 1.0.0 gives up at SHA-256
   security trusted-encrypted
   sip-calls-in secure
   sip-calls-out secure-only
   signaling-address ipv4 192.0.2.1
   remote-address ipv4 192.0.2.0 255.255.255.0
   domain ringwall.test
   tls client-authentication {authentication}
   attach
"""


class Registration(SystemTest):
    def phone(self, *, authentication: str, certificate_of=None, password: str = "wonderland") -> Phone:
        self.start_border(CONFIGURATION.format(authentication=authentication))
        self.network.add("alice", ["192.0.2.11/24"])
        certificate = (certificate_of.issue("alice", ["URI:sip:alice@ringwall.test"], "clientAuth")
                       if certificate_of else None)
        phone = Phone(self.network, "alice", "192.0.2.11", self.folder / "alice",
                      f'<sip:alice@ringwall.test;transport=tls>;auth_user=alice;auth_pass={password};regint=120;'
                      f'outbound="sip:{PHONES}:5061;transport=tls"', certificate=certificate)
        self.addCleanup(phone.stop)
        phone.connect()
        return phone

    def assert_not_registered(self, phone: Phone) -> None:
        with self.assertRaises(Overdue):
            phone.wait_registered(3)

    def test_with_a_certificate_where_one_is_required(self):
        self.phone(authentication="required", certificate_of=self.authority).wait_registered()

    def test_without_a_certificate_where_one_is_required(self):
        self.assert_not_registered(self.phone(authentication="required"))
        self.assertEqual(self.border.trace(), [])

    def test_with_a_certificate_where_one_is_optional(self):
        self.phone(authentication="optional", certificate_of=self.authority).wait_registered()

    def test_without_a_certificate_where_one_is_optional(self):
        self.phone(authentication="optional").wait_registered()

    def test_without_being_asked_for_a_certificate(self):
        self.phone(authentication="off").wait_registered()

    def test_a_wrong_password_is_refused(self):
        phone = self.phone(authentication="optional", password="rabbit")
        wait_for("a refusal", lambda: [m for m in phone.trace() if not m.is_sent and m.start_line.startswith("SIP/2.0 40")])
        self.assert_not_registered(phone)
        self.assertNotIn("200 OK", [entry["message"] for entry in self.border.trace()])


if __name__ == "__main__":
    main()
