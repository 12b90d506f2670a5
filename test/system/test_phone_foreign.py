#!/usr/bin/python3
"""ringwall-phone, baresip and linphonec at one Kamailio: calls over TLS with SRTP, transfers, call waiting, and a
conference. Each plays a tone of its own, and who hears whom is what the packets and the recordings say."""
import wave

from foreign import ADDRESSES, WithForeign
from phone_test import main, wait_for

from lab import ear
from linphone import ITS_TONE


class OverTls(WithForeign):
    def test_each_calls_the_other(self):
        alice = self.phone("alice", ADDRESSES["alice"], self.account("alice", "TLS"), tone=440)
        alice.wait_registered()
        wire = self.capture("alice")
        bob = self.baresip("bob", 660, "tls", mediaenc="srtp-mand")
        for caller, callee, target in ((alice, bob, "bob"), (bob, alice, "alice")):
            with self.subTest(caller=caller.name):
                mark = wire.mark()
                callee.forget()
                caller.dial(target if caller is alice else f"sip:{target}@sip.test")
                caller.wait_established()
                callee.wait_established()
                self.assertEqual([call["secure"] for call in alice.calls()], [True])
                streams = self.wait_audio(wire, mark, caller.address, callee.address)
                callee.hang_up()
                alice.wait_closed()
                bob.wait_closed()
                self.assert_heard(alice, bob.tone)
                self.assert_heard(bob, alice.tone)
                for stream, phone in zip(streams, (caller, callee)):
                    heard = ear.listen(stream.packets, phone.tone)
                    self.assertTrue(heard.is_noise, heard)
        self.assertEqual([packet for packet in wire.since(0) if b"SIP/2.0" in packet.payload], [])


class Transfers(WithForeign):
    def connected(self, one, other) -> None:
        """Each hears the other, by the packets that pass at the wire of one of them."""
        self.wait_tones(self.wire, one.address, other.address, one.tone)
        self.wait_tones(self.wire, other.address, one.address, other.tone)

    def transferred(self, phone, status: int) -> None:
        wait_for(f"what came of it at {phone.name}",
                 lambda: status in [event["status"] for event in phone.events() if event["what"] == "transfer"], 15)

    def test_we_transfer_baresip(self):
        alice, bob, carol = self.ringwall("alice", 440), self.baresip("bob", 660), self.baresip("carol", 880)
        self.wire = self.capture("carol")
        bob.forget()
        call = alice.dial("bob")
        alice.wait_established()
        bob.wait_established()
        bob.forget()
        alice.ask(f"/calls/{call}/transfer", {"to": "carol"})
        self.transferred(alice, 200)
        alice.wait_closed()
        carol.wait_established()
        self.connected(bob, carol)
        carol.hang_up()
        wait_for("the end of both of bob's", lambda: len(bob.events("CALL_CLOSED")) == 2)
        self.assert_heard(bob, carol.tone)
        self.assert_heard(carol, bob.tone)

    def test_a_target_that_nobody_is_leaves_us_the_call(self):
        alice = self.ringwall("alice", 440)
        self.baresip("bob", 660)
        call = alice.dial("bob")
        alice.wait_established()
        alice.ask(f"/calls/{call}/transfer", {"to": "nobody"})
        self.transferred(alice, 404)
        self.assertEqual([each["call"] for each in alice.calls()], [call])

    def test_baresip_transfers_us(self):
        alice, bob, carol = self.ringwall("alice", 440), self.baresip("bob", 660), self.baresip("carol", 880)
        self.wire = self.capture("carol")
        bob.dial("sip:alice@sip.test")
        bob.wait_established()
        alice.wait_established()
        bob.command("transfer", "sip:carol@sip.test")
        carol.wait_established()
        bob.wait_closed()
        self.connected(alice, carol)
        wait_for("one call", lambda: len(alice.calls()) == 1)
        self.assertIn("carol", alice.calls()[0]["remote"])
        carol.hang_up()
        wait_for("no call", lambda: not alice.calls())
        self.assert_heard(alice, carol.tone)
        self.assert_heard(carol, alice.tone)

    def test_we_transfer_linphone_to_whom_we_called(self):
        """Attended: it calls carol with Replaces."""
        alice, bob, carol = self.ringwall("alice", 440), self.linphone("bob"), self.ringwall("carol", 880)
        self.wire = self.capture("carol")
        bob.command("autoanswer enable")
        first = alice.dial("bob")
        alice.wait_established()
        alice.ask(f"/calls/{first}/hold", {})
        second = alice.dial("carol")
        alice.wait_established(call=second)
        alice.ask(f"/calls/{first}/transfer", {"call": second})
        self.transferred(alice, 200)
        wait_for("no call of alice", lambda: not alice.calls())
        self.wait_tones(self.wire, ADDRESSES["bob"], carol.address, ITS_TONE)
        self.wait_tones(self.wire, carol.address, ADDRESSES["bob"], carol.tone)
        self.assertIn(b"\r\nReplaces: ", self.invites()[-1])
        self.assertEqual(len(carol.calls()), 1)
        self.assertIn("bob", carol.calls()[0]["remote"])

    def test_linphone_transfers_us_to_whom_it_called(self):
        alice, bob, carol = self.ringwall("alice", 660), self.linphone("bob"), self.ringwall("carol", 880)
        self.wire = self.capture("carol")
        bob.command("call alice@sip.test")
        alice.wait_established()
        bob.command("pause")
        wait_for("alice is held", lambda: alice.calls()[0]["held-by-peer"])
        bob.command("call carol@sip.test")
        carol.wait_established()
        bob.command("transfer 1 --to-call 2")
        self.connected(alice, carol)
        self.assertIn(b"\r\nReplaces: ", self.invites()[-1])
        for phone, other in ((alice, "carol"), (carol, "alice")):
            wait_for(f"{phone.name} has one call", lambda phone=phone: len(phone.calls()) == 1)
            self.assertIn(other, phone.calls()[0]["remote"])

    def invites(self) -> list[bytes]:
        return [packet.payload for packet in self.wire.since(0) if packet.payload.startswith(b"INVITE ")]


class Several(WithForeign):
    def setUp(self) -> None:
        super().setUp()
        self.alice = self.ringwall("alice", 440)
        self.wire = self.capture("alice")
        self.bob, self.carol = self.baresip("bob", 660), self.baresip("carol", 880)

    def calls(self) -> dict[str, dict]:
        """By the name of the far end."""
        return {call["remote"].partition(":")[2].partition("@")[0]: call for call in self.alice.calls()}

    def two_calls(self, first, second) -> None:
        """The second waits until it is answered, and the first is held then."""
        for phone in (first, second):
            self.alice.forget()  # else the ringing of the first is taken for the second's
            phone.dial("sip:alice@sip.test")
            if phone is second:
                self.alice.ask(f"/calls/{self.alice.wait_ringing()}/answer", {})
            phone.wait_established()
            self.wait_tones(self.wire, phone.address, ADDRESSES["alice"], phone.tone)
            self.wait_tones(self.wire, ADDRESSES["alice"], phone.address, 440)
        self.assertEqual({name: (call["state"], call["held"]) for name, call in self.calls().items()},
                         {first.name: ("active", True), second.name: ("active", False)})

    def test_a_second_call_waits_and_each_is_taken_up_in_turn(self):
        self.two_calls(self.bob, self.carol)
        for phone, other in ((self.bob, self.carol), (self.carol, self.bob)):
            self.alice.ask(f"/calls/{self.calls()[phone.name]['call']}/resume", {})
            wait_for(f"only {other.name} is held", lambda phone=phone, other=other:
                     {name for name, call in self.calls().items() if call["held"]} == {other.name})
            mark = self.wire.mark()
            streams = self.wait_audio(self.wire, mark, phone.address)
            self.assertTrue(ear.listen(streams[0].packets, phone.tone).has_tone)
            self.wait_tones(self.wire, ADDRESSES["alice"], phone.address, 440)
        self.bob.hang_up()
        wait_for("one call", lambda: set(self.calls()) == {"carol"})
        self.assertEqual(self.carol.events("CALL_CLOSED"), [])

    def test_a_second_caller_is_busy_without_call_waiting(self):
        self.alice.ask("/dial", {"to": "*57"})
        self.bob.dial("sip:alice@sip.test")
        self.bob.wait_established()
        self.carol.dial("sip:alice@sip.test")
        self.assertIn("486", self.carol.wait_closed())
        self.assertEqual(set(self.calls()), {"bob"})

    def conference_of(self, first, second) -> None:
        """What goes to each of them is on the wire; what alice hears of each is in her recordings, and what the second hears
        in its own: baresip's ends at the hold, so it says nothing of the first."""
        self.two_calls(first, second)
        self.alice.ask("/conference", {"calls": [call["call"] for call in self.calls().values()]})
        self.wait_tones(self.wire, ADDRESSES["alice"], first.address, 440, second.tone)
        self.wait_tones(self.wire, ADDRESSES["alice"], second.address, 440, first.tone)
        first.hang_up()
        self.wait_tones(self.wire, ADDRESSES["alice"], second.address, 440)
        second.hang_up()
        wait_for("no call", lambda: not self.alice.calls())
        for number, phone in enumerate((first, second), 1):
            self.assert_in_recording(number, phone.tone)
        self.assert_hears(second, 440, first.tone)

    def test_conference_of_three(self):
        self.conference_of(self.bob, self.carol)

    def test_conference_of_three_the_other_way_round(self):
        self.conference_of(self.carol, self.bob)

    def assert_hears(self, phone, *tones: int) -> None:
        """All of them at once for most of a second, by its recording, and never itself."""
        samples, rate = phone.heard()
        blocks = [samples[start:start + rate // 10] for start in range(0, len(samples), rate // 10)]
        together = [block for block in blocks if all(ear.share_of_tone(block, rate, tone) > 0.15 for tone in tones)]
        self.assertGreaterEqual(len(together), 8, f"{phone.name}: {len(blocks)} blocks of 0.1 s")
        self.assertLess(ear.share_of_tone(samples, rate, phone.tone), 0.05, phone.name)

    def assert_in_recording(self, number: int, tone: int) -> None:
        with wave.open(str(self.folder / f"alice/call-{number}.wav")) as file:
            samples = memoryview(file.readframes(file.getnframes())).cast("h")[1::2].tolist()
            self.assertGreater(ear.share_of_tone(samples[-file.getframerate():], file.getframerate(), tone), 0.5, tone)


if __name__ == "__main__":
    main()
