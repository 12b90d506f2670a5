#!/usr/bin/python3
"""The lab's ear can tell a call in the clear from an encrypted one, and says so when it cannot hear."""
import base64
import math
import os
import pathlib
import random
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import pylibsrtp  # noqa: E402

from lab import capture, ear  # noqa: E402

KEY = bytes(range(30))
CRYPTO = "1 AES_CM_128_HMAC_SHA1_80 inline:" + base64.b64encode(KEY).decode()


def encode_ulaw(sample: int) -> int:
    return min(range(256), key=lambda octet: abs(ear._ULAW[octet] - sample))


def rtp(frequency: float, seconds: float = 1.0, payload_type: int = 0) -> list[bytes]:
    """A tone as RTP packets of 20 ms in G.711 mu-law."""
    octets = bytes(encode_ulaw(round(8000 * math.sin(2 * math.pi * frequency * n / 8000)))
                   for n in range(int(seconds * 8000)))
    return [struct.pack("!BBHII", 0x80, payload_type, 100 + n, n * 160, 0x1234) + octets[n * 160:n * 160 + 160]
            for n in range(len(octets) // 160)]


def encrypt(packets: list[bytes]) -> list[bytes]:
    session = pylibsrtp.Session(policy=pylibsrtp.Policy(key=KEY, ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND))
    return [session.protect(packet) for packet in packets]


def frame(payload: bytes, source: str = "192.0.2.11", source_port: int = 10000) -> bytes:
    """UDP over IPv4 over Ethernet, to 192.0.2.12:20000."""
    udp = struct.pack("!HHHH", source_port, 20000, 8 + len(payload), 0) + payload
    address = bytes(map(int, source.split(".")))
    return (bytes(12) + b"\x08\x00" + struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0)
            + address + bytes((192, 0, 2, 12)) + udp)


class Ear(unittest.TestCase):
    def test_hears_the_tone_of_a_plain_call(self):
        heard = ear.listen(rtp(440))
        self.assertTrue(heard.has_tone, heard)
        self.assertFalse(heard.is_noise, heard)

    def test_does_not_take_another_tone_for_it(self):
        self.assertFalse(ear.listen(rtp(600)).has_tone)

    def test_listens_for_another_tone_where_it_is_told_to(self):
        heard = ear.listen(rtp(660), 660)
        self.assertTrue(heard.has_tone, heard)
        self.assertFalse(ear.listen(rtp(440), 660).has_tone)

    def test_finds_the_key_that_opens_the_packets(self):
        other = "1 AES_CM_128_HMAC_SHA1_80 inline:" + base64.b64encode(KEY[::-1]).decode()
        unknown = "3 AES_256_CM_HMAC_SHA1_80 inline:" + base64.b64encode(bytes(46)).decode()
        self.assertEqual(ear.key_of(encrypt(rtp(440)), [other, unknown, CRYPTO]), CRYPTO)
        self.assertIsNone(ear.key_of(encrypt(rtp(440)), [other, unknown]))
        self.assertIsNone(ear.key_of(rtp(440), [CRYPTO]))

    def test_hears_noise_in_an_encrypted_call(self):
        heard = ear.listen(encrypt(rtp(440)))
        self.assertFalse(heard.has_tone, heard)
        self.assertTrue(heard.is_noise, heard)

    def test_hears_the_tone_after_decryption_with_the_key_of_the_sdp(self):
        packets = ear.decrypt(encrypt(rtp(440)), CRYPTO)
        self.assertEqual(len(packets), 50)
        self.assertTrue(ear.listen(packets).has_tone)

    def test_hears_nothing_after_decryption_with_another_key(self):
        other = "1 AES_CM_128_HMAC_SHA1_80 inline:" + base64.b64encode(bytes(30)).decode()
        self.assertEqual(ear.decrypt(encrypt(rtp(440)), other), [])

    def test_hears_nothing_in_silence_or_in_no_packets(self):
        silence = [packet[:12] + b"\xff" * 160 for packet in rtp(440)]
        for heard in (ear.listen(silence), ear.listen([])):
            self.assertFalse(heard.has_tone)
            self.assertFalse(heard.is_noise)

    def test_decodes_a_law_too(self):
        wave = [round(8000 * math.sin(2 * math.pi * 440 * n / 8000)) for n in range(8000)]
        octets = bytes(min(range(256), key=lambda octet: abs(ear._ALAW[octet] - sample)) for sample in wave)
        packets = [struct.pack("!BBHII", 0x80, 8, n, n * 160, 1) + octets[n * 160:n * 160 + 160] for n in range(50)]
        self.assertTrue(ear.listen(packets).has_tone)

    def test_finds_the_stream_of_a_phone_in_a_capture_and_leaves_out_rtcp_and_others(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "link.pcap"
            file = capture.PcapFile(path)
            for packet in rtp(440):
                file.write(frame(packet))
                file.write(frame(packet, source="192.0.2.12"))
                file.write(frame(b"\x80\xc8" + bytes(26), source_port=10001))
            file.write(os.urandom(20))
            file.close()
            streams = ear.streams_from(capture.read_pcap(path), "192.0.2.11")
        self.assertEqual([(s.source_port, len(s.packets)) for s in streams], [(10000, 50)])
        self.assertTrue(ear.listen(streams[0].packets).has_tone)

    def test_takes_the_key_of_the_right_port(self):
        sdp = f"v=0\r\nm=audio 10000 RTP/SAVP 0\r\na=crypto:{CRYPTO}\r\n"
        self.assertEqual(ear.crypto_of([sdp], 10000), [CRYPTO])
        self.assertEqual(ear.crypto_of([sdp], 20000), [])

    def test_what_is_no_frame_of_ours_is_left_out(self):
        noise = random.Random(1)
        for length in range(120):
            capture.parse_frame(bytes(12) + b"\x08\x00" + noise.randbytes(length))


if __name__ == "__main__":
    unittest.main()
