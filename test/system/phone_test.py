"""A test of the real ringwall-phone with other people's servers and phones.

RINGWALL_PHONE names the program."""
import os
import pathlib

from system_test import ROOT, SystemTest, main, wait_for

from lab import ear
from lab.capture import Capture, Packet
from lab.ringwall_phone import RingwallPhone

PROGRAM = pathlib.Path(os.environ.get("RINGWALL_PHONE", ROOT / "build/debug/apps/ringwall-phone"))
TONE = 660  # of Ringwall's phones here; the others play 440 Hz
PACKETS = 40  # of 20 ms: enough for the ear

__all__ = ["PACKETS", "PhoneTest", "TONE", "main", "profile", "wait_for"]


def profile(phone: dict[str, str], *lines: dict[str, str]) -> str:
    """What the phone and each of its lines are set to; a blank in a name is an underscore."""
    statements = [f'{name} "{value}" ;' for name, value in phone.items()]
    statements += [f'{name}[{number}] "{value}" ;' for number, line in enumerate(lines, 1) for name, value in line.items()]
    return "\n".join(statements) + "\n"


class PhoneTest(SystemTest):
    def phone(self, name: str, address: str, settings: str, *, tone: int = TONE, auto_answer: bool = True,
              **options) -> RingwallPhone:
        """On a host of its own; it takes commands when this returns."""
        if not pathlib.Path(f"/run/netns/{name}").exists():
            self.network.add(name, [f"{address}/24"])
        phone = RingwallPhone(self.network, name, address, self.folder / name, PROGRAM, settings, tone=tone,
                              auto_answer=auto_answer, **options)
        self.addCleanup(self._stop_phone, phone)
        phone.connect()
        return phone

    def _stop_phone(self, phone: RingwallPhone) -> None:
        status = phone.stop()
        if status != 0:
            self.fail(f"the phone of {phone.name} ended with status {status}:\n"
                      f"{phone.log.read_text(errors='replace')[-3000:]}")

    def wait_audio(self, capture: Capture, mark: int, *sources: str) -> list[ear.Stream]:
        """The streams that these sent, once each has sent enough."""
        def streams():
            found = [ear.streams_from(capture.since(mark), source) for source in sources]
            return all(each and len(each[0].packets) >= PACKETS for each in found) and [each[0] for each in found]
        return wait_for(f"audio from {' and '.join(sources)}", streams)

    def assert_heard(self, phone, frequency: int) -> None:
        """In the last call of that phone, by its recording."""
        samples, rate = phone.heard()
        self.assertGreater(ear.share_of_tone(samples, rate, frequency), 0.5, f"{phone.name}: {len(samples)} samples")

    @staticmethod
    def payloads(packets: list[Packet], source: str, destination: str) -> list[Packet]:
        """Those with a byte in them."""
        return [each for each in packets if (each.source, each.destination) == (source, destination) and each.payload]
