"""The ear: is a tone to be heard in a call's RTP, as it was on the wire or after decryption?

A tone in the payloads decoded as G.711 means that the call was in the clear. Encrypted payloads sound
like noise: no tone, and an entropy of nearly 8 bits an octet."""
import base64
import collections
import dataclasses
import math
import re
from collections.abc import Iterable

import pylibsrtp

from lab.capture import Packet

TONE = 440.0  # Hz: what the lab's phones play, but for one
_RATE = 8000


@dataclasses.dataclass
class Stream:
    """The RTP or SRTP packets that one port sent to another, in the order of the capture."""
    source: str
    source_port: int
    destination: str
    packets: list[bytes]


@dataclasses.dataclass
class Heard:
    packets: int
    tone: float       # share of the energy at `frequency`: 1 for a pure tone, about 0 for noise
    entropy: float    # bits an octet of the payloads
    frequency: float

    @property
    def has_tone(self) -> bool:
        return self.tone > 0.5

    @property
    def is_noise(self) -> bool:
        return self.tone < 0.05 and self.entropy > 7.5

    def __str__(self) -> str:
        return f"{self.packets} packets, {self.tone:.0%} of the energy at {self.frequency:g} Hz, {self.entropy:.2f} bits an octet"


def _is_rtp(payload: bytes) -> bool:
    # RFC 5761 §4: 192 to 223 in the second octet is RTCP.
    return len(payload) >= 12 and payload[0] >> 6 == 2 and not 192 <= payload[1] <= 223


def streams_from(packets: Iterable[Packet], source: str) -> list[Stream]:
    """The audio that `source` sent; ports that sent only a few packets are left out."""
    found: dict = {}
    for packet in packets:
        if packet.protocol == "udp" and packet.source == source and _is_rtp(packet.payload):
            key = (packet.source, packet.source_port, packet.destination)
            found.setdefault(key, Stream(*key, [])).packets.append(packet.payload)
    return [stream for stream in found.values() if len(stream.packets) >= 10]


def _split(packet: bytes) -> tuple[int, bytes]:
    """The payload type and the payload of an RTP packet (RFC 3550 §5.1)."""
    start = 12 + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:  # extension
        start += 4 + 4 * int.from_bytes(packet[start + 2:start + 4], "big")
    return packet[1] & 0x7F, packet[start:]


def _ulaw(octet: int) -> int:
    octet = ~octet & 0xFF
    magnitude = (((octet & 0x0F) << 3) + 0x84 << (octet >> 4 & 7)) - 0x84
    return -magnitude if octet & 0x80 else magnitude


def _alaw(octet: int) -> int:
    octet ^= 0x55
    exponent, mantissa = octet >> 4 & 7, (octet & 0x0F) << 4
    magnitude = mantissa + 8 if exponent == 0 else mantissa + 0x108 << exponent - 1
    return magnitude if octet & 0x80 else -magnitude


_ULAW = [_ulaw(octet) for octet in range(256)]
_ALAW = [_alaw(octet) for octet in range(256)]


def share_of_tone(samples: list[int], rate: int = _RATE, frequency: float = TONE) -> float:
    """The share of the energy at `frequency`, by Goertzel's algorithm, over blocks of 0.1 s:
    44 whole periods of 440 Hz, 66 of 660 Hz."""
    block = rate // 10
    coefficient = 2 * math.cos(2 * math.pi * frequency / rate)
    tone = total = 0.0
    for start in range(0, len(samples) - block + 1, block):
        before = last = 0.0
        for sample in samples[start:start + block]:
            before, last = last, sample + coefficient * last - before
            total += sample * sample
        tone += (before * before + last * last - coefficient * before * last) * 2 / block
    return tone / total if total else 0.0


def _entropy(octets: bytes) -> float:
    counts = collections.Counter(octets)
    return -sum(n / len(octets) * math.log2(n / len(octets)) for n in counts.values()) if octets else 0.0


def samples_of(packets: list[bytes]) -> list[int]:
    """8000 a second, of G.711."""
    samples: list[int] = []
    for packet in packets:
        payload_type, payload = _split(packet)
        table = _ALAW if payload_type == 8 else _ULAW
        samples += [table[octet] for octet in payload]
    return samples


def listen(packets: list[bytes], frequency: float = TONE) -> Heard:
    payloads = b"".join(_split(packet)[1] for packet in packets)
    return Heard(len(packets), share_of_tone(samples_of(packets), frequency=frequency), _entropy(payloads), frequency)


_PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    "AEAD_AES_128_GCM": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
}


def decrypt(packets: list[bytes], crypto: str) -> list[bytes]:
    """SRTP to RTP by an a=crypto attribute (RFC 4568): "1 AES_CM_128_HMAC_SHA1_80 inline:...".
    Packets that do not verify are left out."""
    match = re.match(r"\d+ (\S+) inline:([A-Za-z0-9+/]+)", crypto)
    if not match or match[1] not in _PROFILES:
        raise ValueError("no crypto suite that the ear knows")
    key = base64.b64decode(match[2] + "=" * (-len(match[2]) % 4))
    session = pylibsrtp.Session(policy=pylibsrtp.Policy(
        key=key, ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND, srtp_profile=_PROFILES[match[1]]))
    plain = []
    for packet in packets:
        try:
            plain.append(session.unprotect(packet))
        except pylibsrtp.Error:
            continue
    return plain


def key_of(packets: list[bytes], cryptos: Iterable[str]) -> str | None:
    """Which of these a=crypto values they were encrypted with; None where it is none of them."""
    known = [crypto for crypto in cryptos if crypto.split()[1] in _PROFILES]
    return next((crypto for crypto in known if decrypt(packets[:5], crypto)), None)


def crypto_of(sdps: Iterable[str], port: int) -> list[str]:
    """The a=crypto values of descriptions whose audio is at that port."""
    return [value for sdp in sdps if re.search(rf"^m=audio {port} ", sdp, re.MULTILINE)
            for value in re.findall(r"^a=crypto:(.*?)\r?$", sdp, re.MULTILINE)]
