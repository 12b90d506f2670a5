#!/usr/bin/python3
"""ringwall-phone at a sound card, which is a device of ALSA that takes everything and is silent: PortAudio knows those that a
configuration names. There is no real card here."""
import os
import re

from phone_test import PACKETS, PhoneTest, main, profile, wait_for

from lab import ear
from lab.phone import Phone

OURS, THEIRS = "192.0.2.11", "192.0.2.21"


class SoundCard(PhoneTest):
    def setUp(self) -> None:
        super().setUp()
        self.network.add("theirs", [f"{THEIRS}/24"])
        self.wire = self.capture("theirs")
        self.theirs = Phone(self.network, "theirs", THEIRS, self.folder / "theirs",
                            f"<sip:bob@{THEIRS}>;regint=0;answermode=auto;audio_codecs=PCMU")
        self.addCleanup(self.theirs.stop)
        self.theirs.connect()
        self.cards = self.folder / "asound.conf"
        self.cards.write_text("</usr/share/alsa/alsa.conf>\npcm.quiet { type null }\n")

    def start_ours(self, card: str) -> None:
        self.ours = self.phone("ours", OURS, profile({"Secure_Call_Setting": "No"}, {
            "Proxy": THEIRS, "User_ID": "alice", "Register": "No", "Make_Call_Without_Reg": "Yes"}),
            card=card, env={**os.environ, "ALSA_CONFIG_PATH": str(self.cards)})

    def test_a_call_at_a_device(self):
        """Packets go both ways, and statistics say so at its end."""
        self.start_ours("quiet")
        self.ours.dial("bob")
        self.ours.wait_established()
        self.wait_audio(self.wire, 0, OURS, THEIRS)
        self.ours.hang_up()
        self.ours.wait_closed()
        self.theirs.wait_closed()
        text = wait_for("statistics", lambda: re.search(r"call\.statistics (.*)", self.ours.log.read_text()))[1]
        said = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", text)}
        wait_for(f"{said['sent']} packets on the wire", lambda: self.packets_from(OURS) == said["sent"])
        self.assertGreaterEqual(said["received"], PACKETS)
        self.assertLessEqual(said["received"], self.packets_from(THEIRS))  # it sends until it has heard of the end
        self.assert_heard(self.ours, self.theirs.tone)
        samples, _ = self.theirs.heard()
        self.assertLess(max(map(abs, samples)), 100, "a microphone that is silent")

    def packets_from(self, source: str) -> int:
        return len(ear.streams_from(self.wire.since(0), source)[0].packets)

    def test_a_device_that_there_is_not(self):
        """The call ends, and the log says why."""
        self.start_ours("loud")
        self.ours.dial("bob")
        self.ours.wait_closed()
        wait_for("the reason in the log", lambda: re.search(
            r'call\.media-failed .*\\"loud\\" cannot be used: there is no such device', self.ours.log.read_text()))


if __name__ == "__main__":
    main()
