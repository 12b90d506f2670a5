#!/usr/bin/python3
"""The phone's media against libsrtp, both ways: every suite that the two have in common, SRTCP, and what
must not be heard. MEDIA_PEER names the program."""
import array
import math
import os
import pathlib
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import wave

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
import pylibsrtp  # noqa: E402

from lab import ear  # noqa: E402

PROGRAM = os.environ.get("MEDIA_PEER", str(ROOT / "build/debug/test/media_peer"))
SUITES = {  # and the octets of key and salt
    "AES_CM_128_HMAC_SHA1_80": (pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30),
    "AES_CM_128_HMAC_SHA1_32": (pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 30),
    "AEAD_AES_128_GCM": (pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28),
    "AEAD_AES_256_GCM": (pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 44),
}
SECONDS = 4
FIRST_SEQUENCE = 65_500  # the counter rolls over on the way


def tone_packet(number: int) -> bytes:
    octets = bytes(min(range(256), key=lambda octet: abs(ear._ULAW[octet] - sample)) for sample in
                   (round(8000 * math.sin(2 * math.pi * ear.TONE * (n % 1600) / 8000))
                    for n in range(number * 160, number * 160 + 160)))
    return struct.pack("!BBHII", 0x80, 0, (FIRST_SEQUENCE + number) % 65_536, number * 160, 0x1234) + octets


TONE = [tone_packet(number) for number in range(10)]  # 440 Hz has whole periods in 0.2 s


def packet_of(number: int) -> bytes:
    header = struct.pack("!BBHII", 0x80, 0, (FIRST_SEQUENCE + number) % 65_536, number * 160, 0x1234)
    return header + TONE[number % len(TONE)][12:]


def session(key: bytes, profile: int, direction: int) -> pylibsrtp.Session:
    return pylibsrtp.Session(policy=pylibsrtp.Policy(key=key, ssrc_type=direction, srtp_profile=profile))


def report() -> bytes:
    """A receiver report with nothing in it (RFC 3550 §6.4.2)."""
    return struct.pack("!BBHI", 0x80, 201, 1, 0x1234)


class Call:
    """A far end on two sockets, and what came of a call with it."""

    def __init__(self, suite: str, send_key: bytes, receive_key: bytes, protect, protect_report):
        with tempfile.TemporaryDirectory(prefix="ringwall-") as folder, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtcp:
            self._bind(rtp, rtcp)
            recording = pathlib.Path(folder) / "heard.wav"
            with subprocess.Popen(
                    [PROGRAM, str(rtp.getsockname()[1]), suite, receive_key.hex() or "-", send_key.hex() or "-",
                     str(SECONDS), str(recording)], stdout=subprocess.PIPE, text=True) as peer:
                port = int(peer.stdout.readline().split()[1])
                self.packets, self.reports = self._talk(rtp, rtcp, port, protect, protect_report)
                self.statistics = {name: int(value) for name, value in
                                   (line.split() for line in peer.stdout.read().splitlines())}
            self.status = peer.returncode
            with wave.open(str(recording)) as file:
                samples = array.array("h", file.readframes(file.getnframes()))
        self.heard = list(samples[1::2])

    @staticmethod
    def _bind(rtp: socket.socket, rtcp: socket.socket) -> None:
        for port in range(40_000 + os.getpid() % 5000 * 2, 60_000, 2):
            try:
                rtp.bind(("127.0.0.1", port))
                rtcp.bind(("127.0.0.1", port + 1))
                return
            except OSError:
                rtp.close()
                rtp.__init__(socket.AF_INET, socket.SOCK_DGRAM)
        raise OSError("no pair of ports is free")

    @staticmethod
    def _talk(rtp, rtcp, port, protect, protect_report):
        packets, reports = [], []
        begin, number = time.monotonic(), 0
        while time.monotonic() < begin + SECONDS + 1:
            if time.monotonic() >= begin + number * 0.02 and number < SECONDS * 50 - 25:
                rtp.sendto(protect(packet_of(number)), ("127.0.0.1", port))
                if number % 50 == 0:
                    rtcp.sendto(protect_report(report()), ("127.0.0.1", port + 1))
                number += 1
            for ready in select.select([rtp, rtcp], [], [], 0.005)[0]:
                (packets if ready is rtp else reports).append(ready.recv(2048))
        return packets, reports


class Media(unittest.TestCase):
    def test_every_suite_both_ways(self):
        for suite, (profile, length) in SUITES.items():
            with self.subTest(suite):
                mine, theirs = bytes(range(length)), bytes(range(100, 100 + length))
                sender = session(mine, profile, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
                receiver = session(theirs, profile, pylibsrtp.Policy.SSRC_ANY_INBOUND)
                call = Call(suite, mine, theirs, sender.protect, sender.protect_rtcp)
                self.assertEqual(call.status, 0)
                # What was on the wire is noise; decrypted by libsrtp it is the tone, each packet of it.
                wire = ear.listen(call.packets)
                self.assertFalse(wire.has_tone, wire)
                self.assertGreater(wire.entropy, 7.5)
                plain = [receiver.unprotect(packet) for packet in call.packets]
                self.assertTrue(ear.listen(plain).has_tone)
                self.assertGreater(len(plain), SECONDS * 40)
                # SRTCP: reports and, at the end, goodbye.
                reports = [receiver.unprotect_rtcp(packet) for packet in call.reports]
                self.assertTrue(reports)
                self.assertIn(struct.pack("!BBH", 0x81, 203, 1), reports[-1])
                # What libsrtp encrypted was heard, and nothing was refused.
                self.assertEqual(call.statistics["refused"], 0)
                self.assertGreaterEqual(call.statistics["received"], SECONDS * 50 - 30)
                self.assertGreater(ear.share_of_tone(call.heard[8000:20_000]), 0.9)

    def test_nothing_in_the_clear_and_nothing_under_another_key(self):
        profile, length = SUITES["AES_CM_128_HMAC_SHA1_80"]
        mine, theirs = bytes(range(length)), bytes(range(100, 100 + length))
        stranger = session(bytes(length), profile, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        for name, protect, protect_report in (
                ("in the clear", bytes, bytes), ("another key", stranger.protect, stranger.protect_rtcp)):
            with self.subTest(name):
                call = Call("AES_CM_128_HMAC_SHA1_80", mine, theirs, protect, protect_report)
                self.assertEqual(call.statistics["received"], 0)
                self.assertGreaterEqual(call.statistics["refused"], SECONDS * 50 - 30)
                self.assertEqual(set(call.heard), {0})
                self.assertFalse(ear.listen(call.packets).has_tone)

    def test_the_ear_hears_a_call_in_the_clear(self):
        call = Call("-", b"", b"", bytes, bytes)
        self.assertTrue(ear.listen(call.packets).has_tone)
        self.assertGreater(ear.share_of_tone(call.heard[8000:20_000]), 0.9)


if __name__ == "__main__":
    unittest.main()
