#!/usr/bin/python3
"""ringwall-phone and linphonec call each other over UDP, without a server: in the clear, and encrypted by SDES."""
import wave

from phone_test import PhoneTest, TONE, main, profile

from lab import ear
from linphone import ITS_TONE, Linphone, write_tone

OURS, THEIRS = "192.0.2.11", "192.0.2.21"


class WithLinphone(PhoneTest):
    def setUp(self) -> None:
        super().setUp()
        # It takes itself for offline without a default route.
        self.network.add("theirs", [f"{THEIRS}/24"], ["default"])
        self.wire = self.capture("theirs")

    def peers(self, encryption: str, secure: str) -> None:
        self.theirs = Linphone.without_server(self.network, "theirs", THEIRS, self.folder / "theirs", encryption)
        self.addCleanup(self.theirs.stop)
        write_tone(self.folder / "theirs/tone.wav")
        self.theirs.command(f"play {self.folder}/theirs/tone.wav")
        self.theirs.command(f"record {self.folder}/theirs/heard.wav")
        self.theirs.command("autoanswer enable")
        self.ours = self.phone("ours", OURS, profile({"Secure_Call_Setting": secure}, {
            "Proxy": THEIRS, "User_ID": "alice", "Register": "No", "Make_Call_Without_Reg": "Yes",
            "Ans_Call_Without_Reg": "Yes", "Preferred_Codec": "G711u"}))

    def check(self, *, is_encrypted: bool) -> None:
        """The call that stands: what is on the wire. We hang up; each has heard the other's tone."""
        streams = self.wait_audio(self.wire, self.mark, OURS, THEIRS)
        # Over UDP: the keys were told in the clear.
        self.assertEqual([call["secure"] for call in self.ours.calls()], [False])
        self.ours.hang_up()
        self.theirs.wait_said("ended")
        self.assert_heard(self.ours, ITS_TONE)
        for stream, tone in zip(streams, (TONE, ITS_TONE)):
            heard = ear.listen(stream.packets, tone)
            self.assertTrue(heard.is_noise if is_encrypted else heard.has_tone, heard)
        self.theirs.stop()  # its recording is whole then
        with wave.open(str(self.folder / "theirs/heard.wav")) as file:
            samples = memoryview(file.readframes(file.getnframes())).cast("h").tolist()
            share = ear.share_of_tone(samples, file.getframerate(), TONE)
        self.assertGreater(share, 0.5, f"{len(samples)} samples")

    def we_call(self, *, is_encrypted: bool) -> None:
        self.mark = self.wire.mark()
        self.ours.dial("bob")
        self.ours.wait_established()
        self.check(is_encrypted=is_encrypted)

    def it_calls(self, *, is_encrypted: bool) -> None:
        self.mark = self.wire.mark()
        self.theirs.command(f"call sip:alice@{OURS}")
        self.ours.wait_established()
        self.check(is_encrypted=is_encrypted)

    def test_we_call_in_the_clear(self):
        self.peers("none", "No")
        self.we_call(is_encrypted=False)

    def test_it_calls_in_the_clear(self):
        self.peers("none", "No")
        self.it_calls(is_encrypted=False)

    def test_we_call_encrypted(self):
        self.peers("srtp", "Yes")
        self.we_call(is_encrypted=True)

    def test_it_calls_encrypted(self):
        self.peers("srtp", "Yes")
        self.it_calls(is_encrypted=True)


if __name__ == "__main__":
    main()
