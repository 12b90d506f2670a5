#!/usr/bin/python3
"""Keys in a call of ringwall-phone and other people's phones: by RFC 4733, by INFO and as tones, in each direction."""
import math
import re

from phone_test import PhoneTest, TONE, main, profile, wait_for

from lab import ear
from lab.phone import Phone
from linphone import Linphone, write_wav

OURS, THEIRS = "192.0.2.11", "192.0.2.21"
KEYS = "159#"
EVENTS = 101  # the payload type of RFC 4733 in each description here
# ITU-T Q.23: the two tones of a key, Hz.
TONES = {"1": (697, 1209), "5": (770, 1336), "9": (852, 1477), "#": (941, 1477)}


def write_keys(path, keys: str) -> None:
    """Each for 0.2 s, and as much silence behind it."""
    rate, samples = 8000, []
    for key in keys:
        samples += [round(6000 * sum(math.sin(2 * math.pi * tone * n / rate) for tone in TONES[key])) for n in range(rate // 5)]
        samples += [0] * (rate // 5)
    write_wav(path, samples)


def keys_among(samples: list[int], rate: int) -> str:
    """Those whose two tones are most of what is heard, in turn."""
    found = ""
    for start in range(0, len(samples) - rate // 10 + 1, rate // 20):
        block = samples[start:start + rate // 10]
        heard = [key for key, tones in TONES.items() if all(ear.share_of_tone(block, rate, tone) > 0.2 for tone in tones)]
        if heard and not found.endswith(heard[0]):
            found += heard[0]
    return found


class Digits(PhoneTest):
    def setUp(self) -> None:
        super().setUp()
        # linphonec takes itself for offline without a default route.
        self.network.add("theirs", [f"{THEIRS}/24"], ["default"])
        self.wire = self.capture("theirs")

    def start_ours(self, method: str = "Auto") -> None:
        self.ours = self.phone("ours", OURS, profile({"DTMF_Playback_Length": ".2"}, {
            "Proxy": THEIRS, "User_ID": "alice", "Register": "No", "Make_Call_Without_Reg": "Yes",
            "DTMF_Tx_Method": method, "Preferred_Codec": "G711u"}))

    def call_baresip(self, method: str) -> int:
        self.theirs = Phone(self.network, "theirs", THEIRS, self.folder / "theirs",
                            f"<sip:bob@{THEIRS}>;regint=0;answermode=auto;audio_codecs=PCMU")
        self.addCleanup(self.theirs.stop)
        self.theirs.connect()
        self.start_ours(method)
        call = self.ours.dial("bob")
        self.ours.wait_established()
        self.theirs.wait_established()
        self.wait_audio(self.wire, 0, OURS, THEIRS)
        return call

    def call_linphone(self, *, uses_info: bool) -> None:
        self.theirs = Linphone.without_server(self.network, "theirs", THEIRS, self.folder / "theirs", "none",
                                              uses_info=uses_info)
        self.addCleanup(self.theirs.stop)
        self.theirs.command("autoanswer enable")
        self.start_ours()
        self.ours.dial("bob")
        self.ours.wait_established()

    def press_ours(self, call: int) -> None:
        self.ours.ask(f"/calls/{call}/digits", {"digits": KEYS})

    def wait_baresip_has_them(self) -> None:
        def pressed():
            return "".join(event["param"] for event in self.theirs.events("CALL_DTMF_START"))
        wait_for(f"{KEYS} at baresip", lambda: pressed() == KEYS)

    def pressed_there(self) -> str:
        return "".join(event["digit"] for event in self.ours.events() if event["what"] == "digit")

    def wait_ours_has_them(self) -> None:
        wait_for(f"{KEYS} at our phone", lambda: self.pressed_there() == KEYS)

    def events_in_rtp(self, source: str) -> list[bytes]:
        return [packet.payload for packet in self.wire.since(0) if packet.protocol == "udp" and packet.source == source
                and len(packet.payload) == 16 and packet.payload[0] == 0x80 and packet.payload[1] & 0x7F == EVENTS]

    def infos(self, source: str) -> list[str]:
        """The keys in them."""
        return [found[1].decode() for packet in self.wire.since(0) if packet.source == source
                and packet.payload.startswith(b"INFO ") and (found := re.search(rb"Signal= ?(.)", packet.payload))]

    def test_we_press_by_rfc_4733(self):
        self.press_ours(self.call_baresip("AVT"))
        self.wait_baresip_has_them()
        self.assertTrue(self.events_in_rtp(OURS))
        self.assertEqual(self.infos(OURS), [])

    def test_we_press_by_info(self):
        self.press_ours(self.call_baresip("INFO"))
        self.wait_baresip_has_them()
        self.assertEqual("".join(self.infos(OURS)), KEYS)
        self.assertEqual(self.events_in_rtp(OURS), [])

    def test_we_press_as_tones(self):
        self.press_ours(self.call_baresip("InBand"))

        def heard():
            samples = ear.samples_of(ear.streams_from(self.wire.since(0), OURS)[0].packets)
            is_over = ear.share_of_tone(samples[-4000:], frequency=TONE) > 0.5
            return is_over and keys_among(samples, 8000)
        wait_for(f"{KEYS} on the wire, and the tone again", lambda: heard() == KEYS)
        self.ours.hang_up()
        self.theirs.wait_closed()
        self.assertEqual(keys_among(*self.theirs.heard()), KEYS)
        self.assertEqual(self.events_in_rtp(OURS) + self.infos(OURS) + self.theirs.events("CALL_DTMF_START"), [])

    def test_baresip_presses_by_rfc_4733(self):
        self.call_baresip("Auto")
        for number, key in enumerate(KEYS, 1):
            self.theirs.press(key)
            wait_for(f"{key} at our phone", lambda number=number: self.pressed_there() == KEYS[:number])
        self.assertTrue(self.events_in_rtp(THEIRS))

    def test_linphone_presses_by_info(self):
        self.call_linphone(uses_info=True)
        for number, key in enumerate(KEYS, 1):
            self.theirs.command(key)
            wait_for(f"{key} at our phone", lambda number=number: self.pressed_there() == KEYS[:number])
        self.assertEqual("".join(self.infos(THEIRS)), KEYS)
        self.assertEqual(self.events_in_rtp(THEIRS), [])

    def test_linphone_plays_the_tones(self):
        self.call_linphone(uses_info=False)
        write_keys(self.folder / "keys.wav", KEYS)
        self.theirs.command(f"play {self.folder}/keys.wav")
        wait_for(f"{KEYS} at our phone", lambda: KEYS in self.pressed_there(), 15)
        self.assertEqual(self.events_in_rtp(THEIRS) + self.infos(THEIRS), [])


if __name__ == "__main__":
    main()
