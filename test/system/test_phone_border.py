#!/usr/bin/python3
"""Ringwall dies in a call of two ringwall-phones and comes back: their media goes on meanwhile, they register again, and
the call goes on where there is a store, and else ends in order; then they call each other anew."""
import time

from phone_test import PhoneTest, TONE, main, profile, wait_for
from system_test import HEADER, PHONES, PROGRAM
from system_test import Border as Process

from lab import ear

ALICE, BOB, NAME_SERVER = "192.0.2.11", "192.0.2.12", "192.0.2.53"
CONFIGURATION = """\
  subscriber alice@ringwall.test
   password wonderland
  subscriber bob@ringwall.test
   password builder
  adjacency sip phones
   inherit profile preset-access
   security trusted-encrypted
   sip-calls-in secure
   sip-calls-out secure-only
   signaling-address ipv4 192.0.2.1
   remote-address ipv4 192.0.2.0 255.255.255.0
   domain ringwall.test
   tls client-authentication required
   attach
"""


class TwoPhones(PhoneTest):
    def setUp(self) -> None:
        super().setUp()
        self.name_server(NAME_SERVER, f"--host-record=ringwall.test,{PHONES}")
        self.begin()
        self.alice = self.start_phone("alice", ALICE, "wonderland", 440)
        self.bob = self.start_phone("bob", BOB, "builder", TONE)
        self.wire = self.capture("alice")

    def begin(self) -> None:
        self.start_border(CONFIGURATION)

    def start_phone(self, name: str, address: str, password: str, tone: int):
        self.authority.issue(name, [f"URI:sip:{name}@ringwall.test"], "clientAuth")
        pki = self.authority.folder
        phone = self.phone(name, address, profile(
            {"Custom_CA_File": str(pki / "ca.crt"), "Client_Certificate_File": str(pki / f"{name}.crt"),
             "Client_Private_Key_File": str(pki / f"{name}.key"), "Reg_Retry_Intvl": "1",
             "Restricted_Access_Domains": "ringwall.test"},
            {"SIP_Transport": "TLS", "Proxy": "ringwall.test", "User_ID": name, "Password": password, "Auth_INVITE": "Yes"}),
            tone=tone)
        phone.wait_registered()
        return phone

    def talk(self) -> None:
        mark = self.wire.mark()
        self.bob.forget()
        self.alice.dial("bob")
        self.alice.wait_established()
        self.bob.wait_established()
        self.wait_audio(self.wire, mark, ALICE, BOB)

    def hang_up(self) -> None:
        self.alice.hang_up()
        self.bob.wait_closed()
        self.assert_heard(self.alice, TONE)
        self.assert_heard(self.bob, 440)

    def kill(self) -> None:
        """In a call, which does not notice."""
        self.talk()
        self.border.kill()
        for phone in (self.alice, self.bob):
            wait_for(f"{phone.name} without a registration", lambda phone=phone: not phone.line()["registered"])
        mark = self.wire.mark()
        streams = self.wait_audio(self.wire, mark, ALICE, BOB)
        self.assertTrue(all(ear.listen(stream.packets).is_noise for stream in streams))
        self.assertEqual([call["state"] for phone in (self.alice, self.bob) for call in phone.calls()], ["active"] * 2)

        lost = [call["packets-lost"] for phone in (self.alice, self.bob) for call in phone.calls()]
        self.assertEqual(lost, [0, 0])


class Kept(TwoPhones):
    def begin(self) -> None:
        self.border = Process(self.network, "sbc", PROGRAM, self.folder)
        self.addCleanup(self._stop_border)
        self.border.wait_ready()
        done = self.border.say("configure\n" + HEADER.replace("pki/", "../pki/") + CONFIGURATION + "commit\n")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_call_goes_on_after_a_kill(self):
        self.kill()
        # They tell Ringwall their new Contacts, and it tells each of the other's.
        self.border.start_again()
        for phone in (self.alice, self.bob):
            phone.wait_registered()
        self.assertEqual([call["state"] for phone in (self.alice, self.bob) for call in phone.calls()], ["active"] * 2)
        self.assertEqual(self.border.records(), [])
        self.hang_up()
        wait_for("its record", lambda: len(self.border.records()) == 1)
        self.assertEqual(self.border.records()[0]["reason"], "caller hung up")


class Border(TwoPhones):
    def test_killed_and_back(self):
        self.kill()
        # Ringwall knows nothing of that call any more, and says so to whoever tells it the new Contact: 481, which ends
        # the dialog (RFC 3261 §12.2.1.2). Neither end is left in half a call.
        self.border.start_again()
        for phone in (self.alice, self.bob):
            phone.wait_registered()
            phone.wait_closed()
        self.assert_heard(self.alice, TONE)
        self.assert_heard(self.bob, 440)

        self.talk()
        self.hang_up()

    def test_frozen(self):
        """It closes nothing and says nothing: noticed by its pings, within NAT Keep Alive Intvl."""
        interval = 3
        self.alice.ask("/parameters", {"name": "NAT Keep Alive Intvl", "value": str(interval)})
        wait_for("alice registered again", lambda: self.alice.log.read_text().count("line.registered") == 2)
        self.border.freeze()
        frozen = time.monotonic()
        wait_for("alice without a registration", lambda: not self.alice.line()["registered"])
        self.assertLess(time.monotonic() - frozen, interval)
        self.assertIn("a ping was not answered", self.alice.line()["problem"])
        self.border.thaw()
        self.alice.wait_registered()
        self.talk()
        self.hang_up()

    def test_restarted_in_order(self):
        self.border.stop()
        self.border.start_again()
        for phone in (self.alice, self.bob):
            wait_for(f"{phone.name} registered again",
                     lambda phone=phone: phone.line()["registered"] and phone.log.read_text().count("line.registered") == 2)
        self.talk()
        self.hang_up()


if __name__ == "__main__":
    main()
