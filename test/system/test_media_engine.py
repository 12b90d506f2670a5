#!/usr/bin/python3
"""A phone that speaks SRTP only calls a far end that speaks RTP only, through rtpengine; and what becomes
of calls when rtpengine is not there."""
import os
import signal
import time

from system_test import OUTSIDE, PHONES, SystemTest, main

from lab import ear
from lab.phone import Phone
from lab.rtpengine import MediaEngine
from lab.waiting import wait_for

ALICE, FAR, ENGINE, NAMES = "192.0.2.11", "203.0.113.31", "192.0.2.77", "192.0.2.53"
FAR_6, ENGINE_6, OUTSIDE_6 = "2001:db8::31", "2001:db8::77", "2001:db8::1"
BOUND = 20  # seconds within which a call is ended whose media engine is gone: 5 + 2 + 5, and some for the machine

CONFIGURATION = """\
  media-engine ipv4 192.0.2.77
  media-timeout {timeout}
  subscriber alice@ringwall.test
   password wonderland
  adjacency sip phones
   inherit profile preset-access
   authentication algorithm md5   ! baresip 1.0.0 gives up at SHA-256
   security trusted-encrypted
   signaling-address ipv4 192.0.2.1
   remote-address ipv4 192.0.2.0 255.255.255.0
   domain ringwall.test
   tls client-authentication off
{phones}
   attach
  adjacency sip outside
   security untrusted
{link}
{outside}
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency phones
     dst-adjacency outside
     action complete
  active-call-policy-set 1
"""
LINK = """\
   signaling-address ipv4 203.0.113.1
   remote-address ipv4 203.0.113.0 255.255.255.0
   signaling-peer 203.0.113.31"""
LINK_6 = """\
   signaling-address ipv6 2001:db8::1
   remote-address ipv6 2001:db8::/64
   signaling-peer 2001:db8::31"""
SRTP_ONLY = "   media-security required\n   media anchored"


class Through(SystemTest):
    """One phone, one far end, and a media engine where the test wants one."""
    LINK, OUTSIDE, FAR, ENGINE = LINK, OUTSIDE, FAR, ENGINE  # of the far side

    def begin(self, *, phones: str = SRTP_ONLY, outside: str = "", alice: str = ";mediaenc=srtp-mand",
              far: str = "", timeout: str = "60", engine: bool = True) -> None:
        self.network.add("alice", [f"{ALICE}/24"], ["203.0.113.0/24"])
        self.network.add("media", [f"{ENGINE}/24", f"{ENGINE_6}/64"], ["203.0.113.0/24"])
        self.network.add("far", *self.far_host())
        self.name_server(NAMES, f"--address=/ringwall.test/{PHONES}")  # it stands in our Contact
        self.captures = {host: self.capture(host) for host in ("alice", "far")}
        if engine:
            self.engine = MediaEngine(self.network, "media", ENGINE, self.folder, ENGINE_6)
            self.addCleanup(lambda: self.engine.kill())
        self.start_border(CONFIGURATION.format(phones=phones, link=self.LINK, outside=outside, timeout=timeout))
        self.alice = self.phone("alice", ALICE, f"<sip:alice@ringwall.test;transport=tls>;auth_user=alice;"
                                f"auth_pass=wonderland;regint=120;answermode=auto;audio_codecs=PCMU{alice};"
                                f'outbound="sip:{PHONES}:5061;transport=tls"', 440)
        self.far = self.phone("far", self.FAR, f"<sip:far@outside.test;transport=udp>;regint=0;answermode=auto;"
                              f'audio_codecs=PCMU{far};outbound="sip:{self.OUTSIDE}:5060;transport=udp"', 660)
        self.alice.wait_registered()

    def far_host(self) -> tuple[list[str], list[str]]:
        return [f"{FAR}/24"], ["192.0.2.0/24"]

    def phone(self, name: str, address: str, account: str, tone: int) -> Phone:
        phone = Phone(self.network, name, address, self.folder / name, account, tone=tone, name_server=NAMES)
        self.addCleanup(phone.stop)
        phone.connect()
        return phone

    def talk(self) -> None:
        self.far.forget()
        self.mark = {host: capture.mark() for host, capture in self.captures.items()}
        self.alice.dial("sip:far@outside.test")
        self.alice.wait_established()
        self.far.wait_established()
        wait_for("three seconds of media", lambda: all(
            len(stream.packets) > 150 for host in self.captures for stream in [self.sent(host)] if stream) and
            all(self.sent(host) for host in self.captures))

    def wire(self, host: str) -> list:
        return self.captures[host].since(self.mark[host])

    def sent(self, host: str, source: str | None = None) -> ear.Stream | None:
        streams = ear.streams_from(self.wire(host), source or {"alice": ALICE, "far": self.FAR}[host])
        return max(streams, key=lambda stream: len(stream.packets), default=None)

    def assert_srtp_and_rtp(self) -> None:
        """On the phone's wire nothing can be heard, on the other one both tones."""
        for source in (ALICE, ENGINE):
            self.assertTrue(ear.listen(self.sent("alice", source).packets, 660).is_noise, source)
            self.assertTrue(ear.listen(self.sent("alice", source).packets, 440).is_noise, source)
        self.assertTrue(ear.listen(self.sent("far", self.ENGINE).packets, 440).has_tone)
        self.assertTrue(ear.listen(self.sent("far", self.FAR).packets, 660).has_tone)
        for host, other in (("alice", self.FAR), ("far", ALICE)):
            peers = {packet.source for packet in self.wire(host)} | {packet.destination for packet in self.wire(host)}
            self.assertNotIn(other, peers)

    def hang_up(self) -> None:
        """And each has heard the other: a recording is whole only now."""
        self.alice.hang_up()
        self.far.wait_closed()
        for phone, tone in ((self.alice, 660), (self.far, 440)):
            samples, rate = phone.heard()
            self.assertGreater(len(samples), rate, phone.name)
            self.assertGreater(ear.share_of_tone(samples[-rate:], rate, tone), 0.5, phone.name)

    def told(self, phone: Phone) -> str:
        return "".join(message.text for message in phone.trace() if not message.is_sent)


class SrtpToRtp(Through):
    def test_each_end_hears_the_other_and_sees_nothing_of_it(self):
        self.begin()
        self.talk()
        self.assert_srtp_and_rtp()
        self.assertNotIn(ALICE, self.told(self.far))
        self.assertNotIn("inline:", self.told(self.far))
        self.assertNotIn(FAR, self.told(self.alice))
        self.hang_up()
        wait_for("the engine forgetting the call", lambda: b"Deleting entire call" in self.engine.log.read_bytes()
                 or b"Final packet stats" in self.engine.log.read_bytes())

    def test_from_the_far_end_that_speaks_dtls_srtp(self):
        """No keys in any description on the side that is not trusted."""
        self.begin(outside=SRTP_ONLY, far=";mediaenc=dtls_srtp")
        self.talk()
        for source in (FAR, ENGINE):
            self.assertTrue(ear.listen(self.sent("far", source).packets, 660).is_noise, source)
        self.assertNotIn("inline:", self.told(self.far))
        self.assertIn("UDP/TLS/RTP/SAVP", self.told(self.far))
        self.hang_up()


class FromIpv4ToIpv6(Through):
    LINK, OUTSIDE, FAR, ENGINE = LINK_6, f"[{OUTSIDE_6}]", FAR_6, ENGINE_6

    def setUp(self) -> None:
        super().setUp()
        self.network.give("sbc", f"{OUTSIDE_6}/64")

    def far_host(self) -> tuple[list[str], list[str]]:
        return [f"{FAR_6}/64"], []

    def test_each_end_has_its_own_kind_of_address(self):
        self.begin()
        self.talk()
        self.assert_srtp_and_rtp()
        self.assertIn("IN IP6", self.told(self.far))
        self.assertNotIn("IN IP4", self.told(self.far))
        self.assertNotIn("IN IP6", self.told(self.alice))
        self.hang_up()


class WithoutEngine(Through):
    def test_refused_and_nothing_is_sent(self):
        self.begin(engine=False)
        mark = self.captures["far"].mark()
        self.alice.dial("sip:far@outside.test")
        self.assertIn("503", self.alice.wait_closed())
        self.assertEqual([packet for packet in self.captures["far"].since(mark) if FAR in (packet.source, packet.destination)], [])

    def test_by_passed_where_so_configured(self):
        self.begin(engine=False, phones="   media anchored\n   media-engine-down bypass", alice="")
        self.talk()
        self.assertTrue(ear.listen(self.sent("far", ALICE).packets, 440).has_tone)  # from end to end
        self.hang_up()


class EngineGone(Through):
    def test_killed_in_a_call(self):
        self.begin()
        self.talk()
        self.engine.kill()
        began = time.monotonic()
        self.alice.wait_closed(BOUND)
        self.far.wait_closed(BOUND)
        self.assertLess(time.monotonic() - began, BOUND)
        self.assertEqual(self.border.wait_record("alice", "far")["reason"], "media engine does not answer")

    def test_killed_and_back(self):
        self.begin()
        self.talk()
        self.engine.kill()
        self.engine.start()
        self.alice.wait_closed(BOUND)
        self.far.wait_closed(BOUND)
        self.assertEqual(self.border.wait_record("alice", "far")["reason"], "media engine lost the call")
        self.talk()
        self.assert_srtp_and_rtp()
        self.hang_up()

    def test_nobody_sends_any_more(self):
        self.begin(timeout="10")
        self.talk()
        for phone in (self.alice, self.far):  # they say nothing any more, not even goodbye
            os.kill(phone.pid, signal.SIGSTOP)
            self.addCleanup(os.kill, phone.pid, signal.SIGCONT)
        self.assertEqual(self.border.wait_record("alice", "far", 30)["reason"], "no media")


if __name__ == "__main__":
    main()
