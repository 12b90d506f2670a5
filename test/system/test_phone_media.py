#!/usr/bin/python3
"""What ringwall-phone and other people's phones agree on for a call's media: each codec but G.711, and each suite of SRTP
that one of them has. There is no server, but for a Kamailio that takes the other suites out of an offer."""
import contextlib
import pathlib
import re
import wave

from kamailio import Kamailio
from phone_test import PhoneTest, TONE, main, profile, wait_for

from lab import ear
from lab.phone import Phone
from linphone import ITS_TONE, Linphone, write_tone

OURS, THEIRS, SERVER = "192.0.2.11", "192.0.2.21", "192.0.2.31"

# Of the suites that are offered the one is left that the number names.
_LEAVES_ONE_SUITE = """\
loadmodule "sdpops.so"
request_route {
    if (has_totag()) { loose_route(); t_relay(); exit; }
    if (is_method("CANCEL")) { t_relay(); exit; }
    record_route();
@REMOVED@
    $ru = "sip:bob@@PEER@";
    t_relay();
}
"""
OFFERED = ["AEAD_AES_256_GCM", "AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_80",
           "AES_CM_128_HMAC_SHA1_32"]


class Media(PhoneTest):
    def setUp(self) -> None:
        super().setUp()
        # linphonec takes itself for offline without a default route.
        self.network.add("theirs", [f"{THEIRS}/24"], ["default"])
        self.wire = self.capture("theirs")

    def start_ours(self, secure: str, proxy: str = THEIRS, **line: str) -> None:
        self.ours = self.phone("ours", OURS, profile({"Secure_Call_Setting": secure}, {
            "Proxy": proxy, "User_ID": "alice", "Register": "No", "Make_Call_Without_Reg": "Yes",
            "Ans_Call_Without_Reg": "Yes", **line}))

    def start_baresip(self, settings: str, codec: str = "g711") -> None:
        self.theirs = Phone(self.network, "theirs", THEIRS, self.folder / "theirs",
                            f"<sip:bob@{THEIRS}>;regint=0;answermode=auto;{settings}", codecs=(codec,))
        self.addCleanup(self.theirs.stop)
        self.theirs.connect()

    def call(self, caller, callee, target: str) -> list[ear.Stream]:
        """What each sent; each has heard the other."""
        mark = self.wire.mark()
        callee.forget()
        caller.dial(target)
        caller.wait_established()
        callee.wait_established()
        streams = self.wait_audio(self.wire, mark, OURS, THEIRS)
        callee.hang_up()
        caller.wait_closed()
        self.ours.wait_closed()
        self.assert_heard(self.ours, self.theirs.tone)
        self.assert_heard(self.theirs, TONE)
        return streams

    def sdps(self, source: str) -> list[str]:
        return [packet.payload.partition(b"\r\n\r\n")[2].decode() for packet in self.wire.since(0)
                if packet.source == source and b"application/sdp" in packet.payload]


class Codecs(Media):
    def both_ways(self, codec: str, ours: str, theirs: str) -> None:
        self.start_baresip(f"audio_codecs={theirs}", codec)
        self.start_ours("No", Preferred_Codec=ours)
        for caller, callee, target in ((self.ours, self.theirs, "bob"), (self.theirs, self.ours, f"sip:alice@{OURS}")):
            with self.subTest(caller=caller.name):
                streams = self.call(caller, callee, target)
                for stream in streams:
                    self.assertEqual({self.codec(stream, packet) for packet in stream.packets}, {theirs.lower()})

    def codec(self, stream: ear.Stream, packet: bytes) -> str:
        """Of a packet, by what the one whom it goes to said that its payload type is."""
        payload_type = packet[1] & 0x7F
        names = re.findall(rf"^a=rtpmap:{payload_type} (\S+)", self.sdps(stream.destination)[-1], re.MULTILINE)
        return names[0].lower() if names else str(payload_type)

    def test_g722(self):
        self.both_ways("g722", "G722", "G722/8000")

    def test_opus(self):
        self.both_ways("opus", "OPUS", "opus/48000/2")


class Suites(Media):
    def agreed(self, source: str) -> list[str]:
        return re.findall(r"^a=crypto:\d+ (\S+)", self.sdps(source)[-1], re.MULTILINE)

    def assert_encrypted(self, streams: list[ear.Stream]) -> None:
        for stream, tone in zip(streams, (TONE, ITS_TONE)):
            heard = ear.listen(stream.packets, tone)
            self.assertTrue(heard.is_noise, heard)

    # baresip answers with the first that it has of those offered, and offers AES_CM_128_HMAC_SHA1_80 alone.
    def baresip_is_called(self, suite: str) -> None:
        self.network.add("server", [f"{SERVER}/24"])
        removed = "".join(f'    sdp_remove_line_by_prefix("a=crypto:{tag} ");\n'
                          for tag, name in enumerate(OFFERED, 1) if name != suite)
        Kamailio(self, "server", SERVER, "sip.test",
                 _LEAVES_ONE_SUITE.replace("@REMOVED@", removed).replace("@PEER@", THEIRS))
        self.start_baresip("audio_codecs=PCMU;mediaenc=srtp-mand")
        self.start_ours("Yes", SERVER)
        self.assert_encrypted(self.call(self.ours, self.theirs, "bob"))
        self.assertEqual(self.agreed(THEIRS), [suite])

    def test_baresip_is_called_by_aead_aes_256_gcm(self):
        self.baresip_is_called("AEAD_AES_256_GCM")

    def test_baresip_is_called_by_aead_aes_128_gcm(self):
        self.baresip_is_called("AEAD_AES_128_GCM")

    def test_baresip_is_called_by_aes_cm_128_hmac_sha1_32(self):
        self.baresip_is_called("AES_CM_128_HMAC_SHA1_32")

    # linphonec takes and offers what its configuration names.
    def with_linphone(self, suite: str) -> None:
        theirs = Linphone.without_server(self.network, "theirs", THEIRS, self.folder / "theirs", "srtp", suite)
        self.addCleanup(theirs.stop)
        write_tone(self.folder / "theirs/tone.wav")
        theirs.command(f"play {self.folder}/theirs/tone.wav")
        theirs.command("autoanswer enable")
        self.start_ours("Yes", Preferred_Codec="G711u")
        for number, start in enumerate((lambda: self.ours.dial("bob"), lambda: theirs.command(f"call sip:alice@{OURS}"))):
            heard = self.folder / f"theirs/heard-{number}.wav"
            theirs.command(f"record {heard}")
            with self.subTest("it calls" if number else "we call"):
                mark = self.wire.mark()
                self.ours.forget()
                start()
                self.ours.wait_established()
                self.assert_encrypted(self.wait_audio(self.wire, mark, OURS, THEIRS))
                self.assertEqual(self.agreed(OURS if number else THEIRS), [suite])
                self.ours.hang_up()
                self.ours.wait_closed()
                self.assert_heard(self.ours, ITS_TONE)
                samples, rate = self.read_wav(heard)
                self.assertGreater(ear.share_of_tone(samples, rate, TONE), 0.5, f"{len(samples)} samples")

    @staticmethod
    def read_wav(path: pathlib.Path) -> tuple[list[int], int]:
        """Once it is whole."""
        def read():
            with contextlib.suppress(EOFError, wave.Error, FileNotFoundError), wave.open(str(path)) as file:
                samples = memoryview(file.readframes(file.getnframes())).cast("h").tolist()
                return samples and (samples, file.getframerate())
        return wait_for(f"the recording {path.name}", read)

    def test_linphone_by_aes_256_cm_hmac_sha1_80(self):
        self.with_linphone("AES_256_CM_HMAC_SHA1_80")

    def test_linphone_by_aes_cm_128_hmac_sha1_32(self):
        self.with_linphone("AES_CM_128_HMAC_SHA1_32")


if __name__ == "__main__":
    main()
