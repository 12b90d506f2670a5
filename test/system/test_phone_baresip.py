#!/usr/bin/python3
"""ringwall-phone and baresip call each other, without a server: in the clear, and encrypted by SDES in each way that
baresip offers it."""
import re

from phone_test import PhoneTest, TONE, main, profile, wait_for

from lab import ear
from lab.phone import Phone

OURS, THEIRS = "192.0.2.11", "192.0.2.21"


class WithBaresip(PhoneTest):
    def setUp(self) -> None:
        super().setUp()
        self.network.add("theirs", [f"{THEIRS}/24"])
        self.wire = self.capture("theirs")

    def peers(self, encryption: str, secure: str) -> None:
        menc = f";mediaenc={encryption}" if encryption else ""
        self.theirs = Phone(self.network, "theirs", THEIRS, self.folder / "theirs",
                            f"<sip:bob@{THEIRS}>;regint=0;answermode=auto;audio_codecs=PCMU{menc}")
        self.addCleanup(self.theirs.stop)
        self.theirs.connect()
        self.ours = self.phone("ours", OURS, profile({"Secure_Call_Setting": secure}, {
            "Proxy": THEIRS, "User_ID": "alice", "Register": "No", "Make_Call_Without_Reg": "Yes",
            "Ans_Call_Without_Reg": "Yes"}))

    def call(self, caller, callee, target: str, *, is_encrypted: bool) -> None:
        mark = self.wire.mark()
        callee.forget()
        caller.dial(target)
        caller.wait_established()
        callee.wait_established()
        streams = self.wait_audio(self.wire, mark, OURS, THEIRS)
        # Over UDP: the keys were told in the clear.
        self.assertEqual([call["secure"] for call in self.ours.calls()], [False])
        callee.hang_up()
        caller.wait_closed()
        self.assert_heard(self.ours, self.theirs.tone)
        self.assert_heard(self.theirs, TONE)
        for stream, tone in zip(streams, (TONE, self.theirs.tone)):
            heard = ear.listen(stream.packets, tone)
            self.assertTrue(heard.is_noise if is_encrypted else heard.has_tone, heard)

    def both_ways(self, *, is_encrypted: bool) -> None:
        with self.subTest("we call"):
            self.call(self.ours, self.theirs, "bob", is_encrypted=is_encrypted)
        with self.subTest("it calls"):
            self.call(self.theirs, self.ours, f"sip:alice@{OURS}", is_encrypted=is_encrypted)

    def test_in_the_clear(self):
        self.peers("", "No")
        self.both_ways(is_encrypted=False)

    def test_encrypted_as_savp(self):
        self.peers("srtp-mand", "Yes")
        self.both_ways(is_encrypted=True)

    def test_it_offers_keys_in_avp(self):
        self.peers("srtp", "Yes")
        self.call(self.theirs, self.ours, f"sip:alice@{OURS}", is_encrypted=True)

    def test_a_resumed_call_has_new_keys(self):
        """And each goes on hearing the other, to the end of the call."""
        self.peers("srtp-mand", "Yes")
        self.theirs.forget()
        call = self.ours.dial("bob")
        self.ours.wait_established()
        self.theirs.wait_established()
        self.wait_audio(self.wire, 0, OURS, THEIRS)
        self.ours.ask(f"/calls/{call}/hold", {})
        wait_for("baresip has agreed to that", lambda: len(self.keys_of(THEIRS)) == 2)
        self.ours.ask(f"/calls/{call}/resume", {})
        wait_for("baresip has agreed to that", lambda: len(self.keys_of(THEIRS)) == 3)
        first, held, resumed = self.keys_of(OURS)
        self.assertEqual(first, held)
        self.assertFalse(set(first) & set(resumed), "none of the old ones")
        mark = self.wire.mark()
        self.wait_audio(self.wire, mark, OURS, THEIRS)
        wait_for("more than a second of it", lambda: len(ear.streams_from(self.wire.since(mark), OURS)[0].packets) > 75)
        self.ours.hang_up()
        self.theirs.wait_closed()
        for phone, tone in ((self.ours, self.theirs.tone), (self.theirs, TONE)):
            samples, rate = phone.heard()
            self.assertGreater(ear.share_of_tone(samples[-rate:], rate, tone), 0.5, phone.name)

    def keys_of(self, source: str) -> list[list[bytes]]:
        """Those of each description that it has sent, in order."""
        descriptions = {}
        for packet in self.wire.since(0):
            found = re.findall(rb"inline:([^ |\r]+)", packet.payload) if packet.source == source else []
            # Of an offer that is sent again, and the answer in its 200 that is, there is one.
            if found and (sequence := re.search(rb"CSeq: (\d+) INVITE", packet.payload)):
                descriptions[sequence[1]] = found
        return list(descriptions.values())

    def test_it_wants_no_encryption(self):
        """A secure call is refused by who cannot, and not made in the clear."""
        self.peers("", "Yes")
        self.ours.dial("bob")
        self.assertIn("488", self.ours.wait_closed())
        self.assertEqual(ear.streams_from(self.wire.since(0), OURS), [])


if __name__ == "__main__":
    main()
