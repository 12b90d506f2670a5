#!/usr/bin/python3
"""Network Jitter Level and Jitter Buffer Adjustment of ringwall-phone, in calls with a baresip whose sound the network
holds up. Judged by the statistics that the phone gives, and by what it has recorded."""
import re
import socket
import threading
import time

from phone_test import PhoneTest, main, profile, wait_for

from lab import ear
from lab.phone import Phone

OURS, THEIRS, BETWEEN = "192.0.2.11", "192.0.2.21", "192.0.2.31"
PERIOD, HELD_UP = 0.32, 0.1  # so often no sound comes for so long, and then all of it at once: seconds


class Relay:
    """Stands between the two: each takes it for the other. Sound for our phone may be held up."""

    def __init__(self, test: PhoneTest, host: str) -> None:
        self._test, self._host = test, host
        self.holds_up = False
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._ends: dict[int, socket.socket] = {}  # of the sound, by port
        test.addCleanup(self._close)
        self._signalling = self._open(5060)
        self._start(self._pass_signalling)

    def _open(self, port: int) -> socket.socket:
        end = self._test.network.socket(self._host, socket.SOCK_DGRAM)
        end.bind((BETWEEN, port))
        end.settimeout(0.2)
        self._sockets.append(end)
        return end

    def _start(self, work, *arguments) -> None:
        self._threads.append(threading.Thread(target=work, args=arguments, daemon=True))
        self._threads[-1].start()

    def _close(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()
        for end in self._sockets:
            end.close()

    def _received(self, end: socket.socket):
        while not self._is_over.is_set():
            try:
                yield end.recvfrom(65536)
            except TimeoutError:
                continue

    # The addresses are of one length, and so Content-Length stays right.
    def _pass_signalling(self) -> None:
        for message, (sender, _) in self._received(self._signalling):
            other, itself = (THEIRS, OURS) if sender == OURS else (OURS, THEIRS)
            message = message.replace(BETWEEN.encode(), other.encode()).replace(itself.encode(), BETWEEN.encode())
            if audio := re.search(rb"^m=audio (\d+)", message, re.MULTILINE):
                self._open_sound(sender, int(audio[1]))
            self._signalling.sendto(message, (other, 5060))

    def _open_sound(self, of: str, port: int) -> None:
        """What comes to that port is for that end, from the port of the other."""
        if port in self._ends:
            return
        self._ends[port] = self._open(port)
        if len(self._ends) == 2:
            (first, its_end), (second, other_end) = self._ends.items()
            self._start(self._pass_sound, its_end, other_end, (OURS, first))
            self._start(self._pass_sound, other_end, its_end, (of, second))

    def _pass_sound(self, end: socket.socket, other: socket.socket, to: tuple[str, int]) -> None:
        for packet, _ in self._received(end):
            if self.holds_up and to[0] == OURS:
                self._is_over.wait(HELD_UP - time.monotonic() % PERIOD)
            other.sendto(packet, to)


class Jitter(PhoneTest):
    def setUp(self) -> None:
        super().setUp()
        for host, address in (("theirs", THEIRS), ("between", BETWEEN)):
            self.network.add(host, [f"{address}/24"])
        self.relay = Relay(self, "between")
        self.theirs = Phone(self.network, "theirs", THEIRS, self.folder / "theirs",
                            f"<sip:bob@{THEIRS}>;regint=0;answermode=auto;audio_codecs=PCMU")
        self.addCleanup(self.theirs.stop)
        self.theirs.connect()

    def call(self, level: str, adjustment: str) -> None:
        """In fair weather at first; until sound has come for a second."""
        # Other ports than baresip's.
        self.ours = self.phone("ours", OURS, profile({"RTP_Port_Min": "30000", "RTP_Port_Max": "30100"}, {
            "Proxy": BETWEEN, "User_ID": "alice", "Register": "No", "Make_Call_Without_Reg": "Yes",
            "Preferred_Codec": "G711u", "Network_Jitter_Level": level, "Jitter_Buffer_Adjustment": adjustment}))
        self.ours.dial("bob")
        self.ours.wait_established()
        self.hear(1)

    def statistics(self) -> dict:
        [call] = self.ours.calls()
        return call

    def hear(self, seconds: int) -> int:
        """For so much sound; how many packets of it were late, or not there."""
        before = self.statistics()

        def has_come():
            now = self.statistics()
            return now["packets-received"] >= before["packets-received"] + 50 * seconds and now
        now = wait_for(f"{seconds} s of sound", has_come, 30)
        return sum(now[each] - before[each] for each in ("packets-late", "packets-concealed"))

    def wait_delay(self, what: str, is_it) -> None:
        wait_for(f"a playout delay {what}", lambda: is_it(self.statistics()["playout-delay"]), 20)

    def wait_sound_is_whole(self) -> None:
        """For three seconds, up to now."""
        wait_for("three seconds with all their sound", lambda: self.hear(3) == 0, 30)

    def worst_share(self) -> float:
        """Of the tone in the last two seconds that were heard, by tenths."""
        self.ours.hang_up()
        self.ours.wait_closed()
        samples, rate = self.ours.heard()
        last, tenth = samples[-2 * rate:], rate // 10
        return min(ear.share_of_tone(last[at:at + tenth], rate, self.theirs.tone) for at in range(0, len(last) - tenth + 1, tenth))

    def test_a_low_level_that_may_not_grow_loses_what_comes_late(self):
        self.call("low", "disable")
        self.assertLess(self.statistics()["playout-delay"], 70)
        self.relay.holds_up = True
        self.assertGreater(self.hear(6), 60, "of 300: in 18 holds of 100 ms there are 60 ms without sound")
        call = self.statistics()
        self.assertGreater(call["packets-late"], 20)
        self.assertEqual(call["packets-lost"], 0)
        self.assertLess(call["playout-delay"], 70)
        self.assertLess(self.worst_share(), 0.9)

    def test_a_low_level_grows_until_it_covers_the_jitter(self):
        self.call("low", "up and down")
        self.wait_delay("of its least", lambda delay: delay < 60)
        self.relay.holds_up = True
        self.wait_delay("that covers the jitter", lambda delay: delay > 70)
        self.wait_sound_is_whole()
        self.assertGreater(self.worst_share(), 0.97)

    def test_it_shrinks_again_in_fair_weather(self):
        self.relay.holds_up = True
        self.call("low", "up and down")
        self.wait_delay("that covers the jitter", lambda delay: delay > 70)
        self.relay.holds_up = False
        self.wait_delay("of its least", lambda delay: delay < 50)

    def test_an_extremely_high_level_covers_the_jitter_from_the_start(self):
        self.call("extremely high", "disable")
        self.assertGreater(self.statistics()["playout-delay"], 130)
        self.relay.holds_up = True
        self.wait_sound_is_whole()
        self.assertGreater(self.statistics()["playout-delay"], 100)
        self.assertGreater(self.worst_share(), 0.97)


if __name__ == "__main__":
    main()
