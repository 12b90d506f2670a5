#!/usr/bin/python3
"""ringwall-phone and a server that says what the test wants: redirections, forwarding, sound before the answer, messages that
wait, line keys, emergencies, and how its packets are marked."""
import re

from phone_test import PACKETS, PhoneTest, main, profile, wait_for
from sip_peer import SipPeer, Tone

from lab import ear
from lab.ringwall_phone import Refused

OURS, THEIRS = "192.0.2.11", "192.0.2.21"
DIALOGS = """\
<?xml version="1.0"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{version}" state="full" entity="sip:202@{server}">{dialogs}
</dialog-info>
"""
RINGING = f"""\
<dialog id="1" call-id="there@x" local-tag="hers" remote-tag="theirs" direction="recipient"><state>early</state>
<remote><identity>sip:209@{THEIRS}</identity><target uri="sip:209@{THEIRS}"/></remote></dialog>"""


class AtPeer(PhoneTest):
    TRANSPORT = "UDP"

    def setUp(self) -> None:
        super().setUp()
        self.network.add("theirs", [f"{THEIRS}/24"])
        self.wire = self.capture("theirs")
        self.peer = SipPeer(self, "theirs", THEIRS, self.TRANSPORT)

    def start_phone(self, settings: dict | None = None, *, auto_answer: bool = False, **line: str) -> None:
        self.ours = self.phone("ours", OURS, profile(settings or {}, {
            "SIP_Transport": self.TRANSPORT, "Proxy": THEIRS, "User_ID": "alice", "Register": "No",
            "Make_Call_Without_Reg": "Yes", "Ans_Call_Without_Reg": "Yes", **line}), auto_answer=auto_answer)

    def asked(self, method: str) -> list[str]:
        """The targets of all such requests of our phone."""
        found = [re.match(rb"(\w+) (\S+) SIP/2.0\r\n", packet.payload) for packet in self.wire.since(0)
                 if packet.source == OURS]
        return [each[2].decode() for each in found if each and each[1].decode() == method]

    def answer_call(self) -> None:
        """The phone's, with sound of its own."""
        self.peer.answer(self.peer.expect("INVITE"), 200, self.peer.description)
        self.peer.expect("ACK")
        self.ours.wait_established()

    def end_call(self) -> None:
        self.ours.hang_up()
        self.peer.answer(self.peer.expect("BYE"), 200)
        self.ours.wait_closed()


class Redirection(AtPeer):
    def test_a_redirection_is_followed(self):
        self.start_phone()
        self.ours.dial("100")
        self.peer.answer(self.peer.expect("INVITE"), 302,
                         Contact="<sip:101@elsewhere.example>;q=0.2, <sip:102@elsewhere.example>")
        self.peer.expect("ACK")
        invite = self.peer.expect("INVITE")
        self.assertEqual(invite.uri, "sip:102@elsewhere.example")
        self.peer.answer(invite, 200, self.peer.description)
        self.assertEqual(self.peer.expect("ACK").uri, f"sip:peer@{THEIRS}:5060;transport=udp")
        self.ours.wait_established()
        self.assertEqual(len(self.ours.calls()), 1)
        self.end_call()

    def assert_forwarded(self, call_id: str, number: str, reason: str) -> None:
        response = self.peer.expect_status(302, "INVITE")
        self.peer.acknowledge(OURS, response)
        self.assertEqual((response["Call-ID"], response.contact), (call_id, f"sip:{number}@{THEIRS}"))
        self.assertEqual(response["Diversion"], f"<sip:alice@{THEIRS}>;reason={reason}")

    def test_all_calls_are_forwarded(self):
        self.start_phone({"Cfwd_All_Dest": "401", "Cfwd_Busy_Dest": "402", "Cfwd_No_Ans_Dest": "403"})
        self.peer.invite(OURS, "first@x")
        self.assert_forwarded("first@x", "401", "unconditional")
        self.assertEqual(self.ours.calls(), [])

    def test_calls_while_busy_are_forwarded(self):
        self.start_phone({"Cfwd_Busy_Dest": "402", "CW_Setting": "No"})
        self.ours.dial("100")
        self.answer_call()
        self.peer.invite(OURS, "second@x")
        self.assert_forwarded("second@x", "402", "user-busy")
        self.end_call()

    def test_calls_that_nobody_answers_are_forwarded(self):
        self.start_phone({"Cfwd_Busy_Dest": "402", "Cfwd_No_Ans_Dest": "403", "Cfwd_No_Ans_Delay": "1"})
        self.peer.invite(OURS, "third@x")
        self.peer.expect_status(180, "INVITE")
        self.assert_forwarded("third@x", "403", "no-answer")


class BeforeTheAnswer(AtPeer):
    def test_sound_of_a_183_is_heard(self):
        self.start_phone()
        call = self.ours.dial("100")
        invite = self.peer.expect("INVITE")
        self.peer.answer(invite, 183, self.peer.description)
        tone = Tone(self, "theirs", THEIRS, invite.body)

        def heard():
            return next(each for each in self.ours.calls() if each["call"] == call)
        wait_for("the tone at the phone", lambda: heard()["packets-received"] >= PACKETS)
        self.assertIn(heard()["state"], ("calling", "remote-ringing"))
        tone.stop()  # so nothing of it comes after the answer
        self.peer.answer(invite, 200, self.peer.description)
        self.peer.expect("ACK")
        self.ours.wait_established()
        self.wait_audio(self.wire, 0, OURS)
        self.end_call()
        samples, rate = self.ours.heard()
        loud = [n for n, sample in enumerate(samples) if abs(sample) > 1000]
        self.assertTrue(loud, "nothing is in the recording")
        self.assertGreater(ear.share_of_tone(samples[loud[0]:loud[-1]], rate, 440), 0.5)

    def test_a_reliable_183_is_acknowledged(self):
        self.start_phone()
        self.ours.dial("100")
        invite = self.peer.expect("INVITE")
        self.assertIn("100rel", invite["Supported"])
        self.peer.answer(invite, 183, self.peer.description, Require="100rel", RSeq="4711")
        prack = self.peer.expect("PRACK")
        self.assertEqual(prack["RAck"], f"4711 {invite['CSeq']}")
        self.peer.answer(prack, 200)
        self.peer.answer(invite, 200)
        self.peer.expect("ACK")
        self.ours.wait_established()
        self.wait_audio(self.wire, 0, OURS)
        self.end_call()
        self.assertEqual(len(self.asked("PRACK")), 1)

    def test_our_ringing_is_reliable_where_the_line_says_so(self):
        self.start_phone(SIP_100REL_Enable="Yes")
        self.peer.invite(OURS, "rel@x", Supported="100rel")
        ringing = self.peer.expect_status(180, "INVITE")
        self.assertIn("100rel", ringing["Require"])
        sequence, tag = ringing["RSeq"], ringing["To"].partition(";tag=")[2]
        self.peer.ask("PRACK", ringing.contact, ringing["From"], f"<sip:alice@{OURS}>;tag={tag}", "rel@x",
                      RAck=f"{sequence} {ringing['CSeq']}")
        self.peer.expect_status(200, "PRACK")
        self.ours.ask(f"/calls/{self.ours.wait_ringing()}/answer", {})
        response = self.peer.expect_status(200, "INVITE")
        self.peer.acknowledge(OURS, response)
        self.end_call()


class Messages(AtPeer):
    def messages(self) -> tuple[bool, int, int]:
        line = self.ours.line()
        return line["messages-waiting"], line["new-messages"], line["old-messages"]

    def test_the_mailbox_is_subscribed_to(self):
        self.start_phone(Voice_Mail_Server=THEIRS, Mailbox_ID="2001")
        subscribe = self.peer.expect("SUBSCRIBE")
        self.assertEqual((subscribe.uri, subscribe["Event"], subscribe["Accept"]),
                         (f"sip:2001@{THEIRS}", "message-summary", "application/simple-message-summary"))
        self.peer.answer(subscribe, 200, Expires="600")
        for body, expected in (("Messages-Waiting: yes\r\nVoice-Message: 3/1 (0/0)\r\n", (True, 3, 1)),
                               ("Messages-Waiting: no\r\nVoice-Message: 0/4 (0/0)\r\n", (False, 0, 4))):
            self.peer.notify(subscribe, "application/simple-message-summary", body)
            wait_for(f"{expected} in the state", lambda expected=expected: self.messages() == expected)
        self.ours.stop()
        self.assertEqual(self.peer.expect("SUBSCRIBE")["Expires"], "0")

    def test_a_notify_that_nobody_asked_for_is_heard(self):
        self.start_phone()
        self.peer.notify_unasked(OURS, "message-summary", "application/simple-message-summary",
                                 "Messages-Waiting: yes\r\nVoice-Message: 2/5\r\n")
        self.assertEqual(self.messages(), (True, 2, 5))
        self.assertEqual(self.asked("SUBSCRIBE"), [])


class MessagesOverTcp(Messages):
    TRANSPORT = "TCP"


class LineKeys(AtPeer):
    def test_what_rings_there_is_shown_and_picked_up(self):
        self.start_phone(Extended_Function="fnc=blf+cp;sub=202@$PROXY;nme=Bob", Extension="1")
        subscribe = self.peer.expect("SUBSCRIBE")
        self.assertEqual((subscribe.uri, subscribe["Event"], subscribe["Accept"]),
                         (f"sip:202@{THEIRS}", "dialog", "application/dialog-info+xml"))
        self.peer.answer(subscribe, 200, Expires="600")
        self.assertEqual(self.lamp(), ("unknown", ""))
        self.tell(subscribe, 0, "")
        wait_for("a lamp that is off", lambda: self.lamp() == ("idle", ""))
        with self.assertRaisesRegex(Refused, "nothing rings at Bob"):
            self.ours.ask("/press", {"key": 1})
        self.tell(subscribe, 1, RINGING)
        wait_for("a lamp that rings", lambda: self.lamp() == ("ringing", f"sip:209@{THEIRS}"))
        self.ours.ask("/press", {"key": 1})
        invite = self.peer.expect("INVITE")
        self.assertEqual((invite.uri, invite["Require"]), (f"sip:209@{THEIRS}", "replaces"))
        self.assertEqual(sorted(invite["Replaces"].split(";")), ["early-only", "from-tag=hers", "there@x", "to-tag=theirs"])
        self.peer.answer(invite, 200, self.peer.description)
        self.peer.expect("ACK")
        self.ours.wait_established()
        self.tell(subscribe, 2, "")
        wait_for("a lamp that is off again", lambda: self.lamp() == ("idle", ""))
        self.end_call()

    def lamp(self) -> tuple[str, str]:
        key = self.ours.state()["keys"][0]
        return key["lamp"], key["caller"]

    def tell(self, subscribe, version: int, dialogs: str) -> None:
        self.peer.notify(subscribe, "application/dialog-info+xml",
                         DIALOGS.format(version=version, server=THEIRS, dialogs=dialogs))


class LineKeysOverTcp(LineKeys):
    TRANSPORT = "TCP"


class Emergencies(AtPeer):
    def start_unregistered(self, settings: dict | None = None) -> None:
        self.start_phone(settings, Register="Yes", Make_Call_Without_Reg="No", Emergency_Number="112,110",
                         Password="secret", Dial_Plan="(10x)")  # which knows of no emergency

    def assert_only_the_emergency_is_called(self) -> None:
        with self.assertRaisesRegex(Refused, "line 1 (is not registered|has no connection to its server): "):
            self.ours.dial("100")
        self.assertEqual(self.asked("INVITE"), [])
        self.ours.dial("112")
        invite = self.peer.expect("INVITE")
        self.assertEqual(invite.uri, f"sip:112@{THEIRS}")
        self.peer.answer(invite, 200, self.peer.description)
        self.peer.expect("ACK")
        self.ours.wait_established()
        self.end_call()
        self.assertEqual(set(self.asked("INVITE")), {f"sip:112@{THEIRS}"})

    def test_while_the_registrar_says_503(self):
        self.start_unregistered()
        self.peer.answer(self.peer.expect("REGISTER"), 503)
        wait_for("the phone to know", lambda: "503" in self.ours.line()["problem"])
        self.assert_only_the_emergency_is_called()

    def test_while_the_registrar_is_silent(self):
        self.start_unregistered()
        self.peer.expect("REGISTER")
        self.assert_only_the_emergency_is_called()

    def test_after_the_registrar_was_silent_for_too_long(self):
        self.start_unregistered({"SIP_Timer_F": "1"})
        self.peer.expect("REGISTER")
        wait_for("the phone to give up", lambda: self.ours.line()["problem"])
        self.assert_only_the_emergency_is_called()


class Marks(AtPeer):
    SIP, RTP = 0x48, 0xA0  # neither is the default

    def test_the_octets_of_sip_and_rtp(self):
        self.start_phone(**{"SIP_TOS/DiffServ_Value": hex(self.SIP), "RTP_TOS/DiffServ_Value": hex(self.RTP)})
        self.ours.wait_up()
        self.ours.dial("100")
        self.answer_call()
        self.wait_audio(self.wire, 0, OURS)
        self.end_call()
        ours = [packet for packet in self.wire.since(0) if packet.source == OURS]
        sip = [packet for packet in ours if packet.destination_port == 5060]
        audio = [packet for packet in ours if packet.destination_port == 40000]
        self.assertGreaterEqual(len(audio), PACKETS)
        self.assertTrue(all(packet.protocol == self.TRANSPORT.lower() for packet in sip))
        # Over TCP the first packet of the connection and each acknowledgement as well.
        self.assertEqual({hex(packet.type_of_service) for packet in sip}, {hex(self.SIP)})
        self.assertEqual({hex(packet.type_of_service) for packet in audio}, {hex(self.RTP)})


class MarksOverTcp(Marks):
    TRANSPORT = "TCP"


class KeepAlives(AtPeer):
    """NAT Keep Alive Msg and Dest: what is sent every second, and where to."""

    def assert_kept_alive(self, is_one, destination: str = THEIRS, **line: str) -> None:
        self.start_phone({"NAT_Keep_Alive_Intvl": "1"}, NAT_Keep_Alive_Enable="Yes", **line)

        def told() -> list[bytes]:
            return [packet.payload for packet in self.wire.since(0) if packet.source == OURS and packet.payload]
        wait_for("three messages", lambda: len({payload for payload in told() if is_one(payload)}) >= 3
                 or told().count(b"hello") >= 3)
        self.assertEqual([payload for payload in told() if not is_one(payload)], [])
        self.assertEqual({packet.destination for packet in self.wire.since(0) if packet.source == OURS}, {destination})

    def test_notify(self):
        self.assert_kept_alive(lambda payload: payload.startswith(b"NOTIFY sip:") and b"\r\nEvent: keep-alive\r\n" in payload)

    def test_options(self):
        self.assert_kept_alive(lambda payload: payload.startswith(b"OPTIONS sip:"), NAT_Keep_Alive_Msg="$OPTIONS")

    def test_register(self):
        self.assert_kept_alive(lambda payload: payload.startswith(b"REGISTER sip:") and b"\r\nContact:" not in payload,
                               NAT_Keep_Alive_Msg="$REGISTER")

    def test_text_to_another_host(self):
        other = "192.0.2.22"
        self.network.add("other", [f"{other}/24"])
        self.wire = self.capture("other")
        self.assert_kept_alive(lambda payload: payload == b"hello", other, NAT_Keep_Alive_Msg="hello",
                               NAT_Keep_Alive_Dest=other)


if __name__ == "__main__":
    main()
