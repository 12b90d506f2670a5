#!/usr/bin/python3
"""baresip phones: Alice transfers Bob to Carol, and Ringwall does it (`refer handle`)."""
from system_test import PHONES, SystemTest, main

from lab.names import NameService
from lab.phone import Phone
from lab.waiting import wait_for

CONFIGURATION = """\
  subscriber alice@ringwall.test
   password wonderland
  subscriber bob@ringwall.test
   password builder
  subscriber carol@ringwall.test
   password singer
  adjacency sip phones
   inherit profile preset-access
   authentication algorithm md5   ! baresip 1.0.0 gives up at SHA-256
   security trusted-encrypted
   sip-calls-in secure
   sip-calls-out secure-only
   refer handle
   signaling-address ipv4 192.0.2.1
   remote-address ipv4 192.0.2.0 255.255.255.0
   domain ringwall.test
   tls client-authentication optional
   attach
"""
NAME_SERVER = "192.0.2.53"
PASSWORDS = {"alice": "wonderland", "bob": "builder", "carol": "singer"}


class Transfer(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.network.add("names", [f"{NAME_SERVER}/24"])
        names = NameService(self.network, "names", NAME_SERVER, {"ringwall.test": PHONES})
        self.addCleanup(names.stop)
        self.start_border(CONFIGURATION)
        self.phones = {name: self.phone(name, f"192.0.2.{11 + i}") for i, name in enumerate(PASSWORDS)}
        for phone in self.phones.values():
            phone.wait_registered()

    def phone(self, name: str, address: str) -> Phone:
        self.network.add(name, [f"{address}/24"])
        phone = Phone(self.network, name, address, self.folder / name,
                      f"<sip:{name}@ringwall.test;transport=tls>;auth_user={name};auth_pass={PASSWORDS[name]};"
                      f"regint=120;answermode=auto;audio_codecs=PCMU;mediaenc=srtp-mand;"
                      f'outbound="sip:{PHONES}:5061;transport=tls"', name_server=NAME_SERVER)
        self.addCleanup(phone.stop)
        phone.connect()
        return phone

    def heard(self, name: str, start: str) -> list:
        return [m for m in self.phones[name].trace() if not m.is_sent and m.start_line.startswith(start)]

    def test_the_party_is_joined_to_the_target(self):
        alice, bob, carol = self.phones.values()
        alice.dial("sip:bob@ringwall.test")
        alice.wait_established()
        alice.command("transfer", "sip:carol@ringwall.test")
        carol.wait_established()
        alice.wait_closed()
        record = self.border.wait_record("alice", "bob")
        self.assertEqual(record["reason"], "transferred")
        self.assertEqual(self.heard("bob", "REFER"), [])
        # Bob's description has gone to Carol, and hers to him, each with its keys.
        offer = wait_for("Bob's second INVITE", lambda: self.heard("bob", "INVITE")[1:])[0].sdp
        self.assertIn("192.0.2.13", offer)
        self.assertIn("a=crypto:", offer)
        ack = wait_for("Carol's ACK", lambda: self.heard("carol", "ACK"))[-1].sdp
        self.assertIn("192.0.2.12", ack)
        self.assertIn("a=crypto:", ack)
        bob.hang_up()
        carol.wait_closed()
        record = self.border.wait_record("bob", "carol")
        self.assertEqual(record["result"], "answered")
        self.assertTrue(record["secure"])

    def test_a_target_that_nobody_is_leaves_the_call(self):
        alice, bob, _ = self.phones.values()
        alice.dial("sip:bob@ringwall.test")
        alice.wait_established()
        alice.command("transfer", "sip:nobody@ringwall.test")
        notify = wait_for("the last NOTIFY", lambda: [m for m in self.heard("alice", "NOTIFY") if "terminated" in m.text])
        self.assertIn("SIP/2.0 404 ", notify[-1].text)
        # baresip hangs up by itself then, sooner or later: the call ends by that and by nothing of Ringwall's.
        bob.wait_closed()
        self.assertEqual([m.is_sent for m in self.phones["alice"].trace() if m.start_line.startswith("BYE")], [True])
        self.assertEqual(len(self.heard("bob", "BYE")), 1)
        record = self.border.wait_record("alice", "bob")
        self.assertEqual((record["result"], record["reason"]), ("answered", "caller hung up"))


if __name__ == "__main__":
    main()
