#!/usr/bin/python3
"""ringwall-phone and SIPp call each other, over UDP and TCP. SIPp sends back whatever audio it gets, so that the phone must
hear itself."""
import pathlib
import subprocess

from phone_test import PhoneTest, TONE, main, profile, wait_for

OURS, THEIRS = "192.0.2.11", "192.0.2.21"


NOTIFY = pathlib.Path(__file__).with_name("sipp") / "notify.xml"


class WithSipp(PhoneTest):
    def setUp(self) -> None:
        super().setUp()
        self.network.add("theirs", [f"{THEIRS}/24"])
        self.wire = self.capture("theirs")

    def start_phone(self, transport: str, **line: str):
        return self.phone("ours", OURS, profile({}, {
            "SIP_Transport": transport, "Proxy": THEIRS, "User_ID": "alice", "Register": "No",
            "Make_Call_Without_Reg": "Yes", "Ans_Call_Without_Reg": "Yes", **line}))

    def sipp(self, transport: str, *words: str) -> subprocess.Popen:
        return self.start("theirs", ["sipp", "-i", THEIRS, "-p", "5060", "-t", {"UDP": "u1", "TCP": "t1"}[transport],
                                     "-m", "1", "-nostdin", "-timeout", "30", "-timeout_error", "-rtp_echo", "-trace_err",
                                     "-error_file", str(self.folder / "theirs.err.log"), *words])

    def assert_done(self, sipp: subprocess.Popen) -> None:
        self.assertEqual(sipp.wait(40), 0, self.logs())

    def we_call(self, transport: str) -> None:
        sipp = self.sipp(transport, "-sn", "uas")
        self.wait_listening(sipp, transport.lower(), 5060)
        phone = self.start_phone(transport)
        phone.wait_up()
        phone.dial("100")
        phone.wait_established()
        self.wait_audio(self.wire, 0, OURS, THEIRS)
        phone.hang_up()
        self.assert_done(sipp)
        self.assert_heard(phone, TONE)

    def it_calls(self, transport: str) -> None:
        phone = self.start_phone(transport)
        sipp = self.sipp(transport, "-sn", "uac", "-d", "1500", "-s", "alice", f"{OURS}:5060")
        phone.wait_established()
        self.wait_audio(self.wire, 0, OURS, THEIRS)
        self.assert_done(sipp)
        phone.wait_closed()
        self.assert_heard(phone, TONE)

    def test_we_call_over_udp(self):
        self.we_call("UDP")

    def test_we_call_over_tcp(self):
        self.we_call("TCP")

    def test_it_calls_over_udp(self):
        self.it_calls("UDP")

    def test_it_calls_over_tcp(self):
        self.it_calls("TCP")

    def test_many_calls_one_after_another(self):
        phone = self.start_phone("UDP")
        sipp = self.sipp("UDP", "-sn", "uac", "-d", "50", "-s", "alice", "-m", "20", "-l", "1", f"{OURS}:5060")
        self.assert_done(sipp)
        wait_for("no call left", lambda: not phone.calls())

    def test_who_has_the_password_may_order_and_tell_of_messages(self):
        """SIPp answers the challenge of a NOTIFY by MD5, the only digest that it knows."""
        phone = self.start_phone("UDP", Password="wonderland", Auth_INVITE="Yes", Auth_Support_RFC8760="No")
        for event, what in (("resync", "order"), ("reboot_now", "order"), ("message-summary", "messages")):
            with self.subTest(event=event):
                phone.forget()
                self.assertNotEqual(self.notify(event, "wonderworld").wait(40), 0)
                self.assertEqual([each for each in phone.events() if each["what"] == what], [])
                self.assert_done(self.notify(event, "wonderland"))
                wait_for(f"the phone to hear of {event}", lambda what=what: what in [each["what"] for each in phone.events()])
        self.assertEqual(phone.line()["new-messages"], 2)
        sent = [packet.payload for packet in self.wire.since(0) if packet.source == OURS]
        self.assertEqual(sum(payload.startswith(b"SIP/2.0 401 ") for payload in sent), 9, sent)

    def notify(self, event: str, password: str) -> subprocess.Popen:
        return self.sipp("UDP", "-sf", str(NOTIFY), "-key", "event", event, "-s", "alice", "-au", "alice", "-ap", password,
                         "-auth_uri", f"alice@{OURS}:5060", f"{OURS}:5060")


if __name__ == "__main__":
    main()
