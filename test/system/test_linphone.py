#!/usr/bin/python3
"""linphonec registers with SIPS URIs and is called by them. It verifies our certificate against our name."""
from system_test import PHONES, SystemTest, main

from lab import network
from lab.waiting import Overdue
from linphone import Linphone

# The defaults of the seed: only calls to SIPS URIs may leave by an encrypted adjacency.
CONFIGURATION = """\
  subscriber alice@ringwall.test
   password wonderland
  subscriber bob@ringwall.test
   password builder
  adjacency sip phones
   inherit profile preset-access
   security trusted-encrypted
   signaling-address ipv4 192.0.2.1
   remote-address ipv4 192.0.2.0 255.255.255.0
   domain ringwall.test
   tls client-authentication off
   attach
"""


class Sips(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        network.set_names({"ringwall.test": PHONES}, self.folder)
        self.addCleanup(network.forget_names)
        self.start_border(CONFIGURATION)
        self.phones = []

    def phone(self, name: str, address: str, password: str, authority=None) -> Linphone:
        # It takes itself for offline without a default route.
        self.network.add(name, [f"{address}/24"], ["default"])
        phone = Linphone(self.network, name, address, self.folder / name, "ringwall.test", password,
                         authority or self.authority.certificate)
        self.addCleanup(phone.stop)
        return phone

    def test_two_phones_register_and_a_sips_call_is_answered_and_ended(self):
        alice = self.phone("alice", "192.0.2.11", "wonderland")
        bob = self.phone("bob", "192.0.2.12", "builder")
        alice.wait_registered()
        bob.wait_registered()
        bob.command("autoanswer enable")
        alice.command("call sips:bob@ringwall.test")
        bob.wait_said("connected")
        alice.wait_said("Media streams established")
        alice.command("terminate")
        bob.wait_said("ended")
        record = self.border.wait_record("alice", "bob")
        self.assertTrue(record["secure"])
        self.assertEqual(record["result"], "answered")
        invites = [entry["message"] for entry in self.border.trace() if entry["message"].startswith("INVITE")]
        self.assertTrue(invites and all(invite.startswith("INVITE sips:bob@") for invite in invites), invites)

    def test_a_sip_call_to_a_phone_is_refused_with_the_defaults_of_the_seed(self):
        alice = self.phone("alice", "192.0.2.11", "wonderland")
        bob = self.phone("bob", "192.0.2.12", "builder")
        alice.wait_registered()
        bob.wait_registered()
        alice.command("call sip:bob@ringwall.test")
        record = self.border.wait_record("alice", "bob")
        self.assertEqual((record["result"], record["status"]), ("refused", 480))
        self.assertNotIn("INVITE sip:bob", bob.messages())

    def test_it_does_not_register_where_our_certificate_does_not_verify(self):
        from lab import pki
        others = pki.Authority(self.folder / "others", "others")
        alice = self.phone("alice", "192.0.2.11", "wonderland", others.certificate)
        with self.assertRaises(Overdue):
            alice.wait_registered(4)
        self.assertEqual([entry for entry in self.border.trace() if entry["direction"] == "out"], [])


if __name__ == "__main__":
    main()
