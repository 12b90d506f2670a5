#!/usr/bin/python3
"""Why a call is refused: what explain says before it is made, what the caller hears, and the trace that is kept of it."""
import json
import re

from sip_peer import SipPeer
from system_test import HEADER, Border, PROGRAM, SystemTest, main

CALLER, SWITCH, DESK = "203.0.113.31", "198.51.100.21", "192.0.2.31"
CONFIGURATION = """\
  subscriber alice@ringwall.test
   password wonderland
  subscriber bob@desks.test
   password builder
  adjacency sip phones
   inherit profile preset-access
   security trusted-encrypted
   sip-calls-in secure
   sip-calls-out secure-only
   signaling-address ipv4 192.0.2.1
   domain ringwall.test
   attach
  adjacency sip desks
   inherit profile preset-access
   security untrusted
   signaling-address ipv4 192.0.2.1
   domain desks.test
   attach
  adjacency sip softswitch
   security trusted-unencrypted
   sip-calls-in reject
   signaling-address ipv4 198.51.100.1
   remote-address ipv4 198.51.100.21 255.255.255.255
   signaling-peer 198.51.100.21
   preferred-transport udp
   attach
  adjacency sip outside
   signaling-address ipv4 203.0.113.1
   remote-address ipv4 203.0.113.0 255.255.255.0
   attach
  call-policy-set 1
   first-call-routing-table BY-SOURCE
   rtg-src-adjacency-table BY-SOURCE
    entry 1
     match-adjacency outside
     dst-adjacency softswitch
     action complete
   complete
  active-call-policy-set 1
"""


class Explain(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.network.add("caller", [f"{CALLER}/24"])
        self.network.add("switch", [f"{SWITCH}/24"])
        self.network.add("desk", [f"{DESK}/24"])
        self.border = Border(self.network, "sbc", PROGRAM, self.folder)  # with a console
        self.addCleanup(self._stop_border)
        self.border.wait_ready()
        self.say("configure\n" + HEADER.replace(" pki/", " ../pki/") + CONFIGURATION + "commit")

    def say(self, line: str) -> str:
        done = self.border.say(line + "\n")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def refusals(self) -> list[dict]:
        return json.loads(self.say("show services sbc sbe refusals | json"))

    def trace(self, call: str) -> str:
        return self.say(f"show services sbc sbe calls {call} trace")

    def call(self, caller: SipPeer, uri: str, call_id: str) -> None:
        caller.ask("INVITE", uri, f"<sip:300@{caller.address}>;tag=caller", f"<{uri}>", call_id)

    def test_explain_sends_nothing_and_is_what_happens(self):
        capture = self.capture("sbc")
        self.assertEqual(self.say("explain call from outside to sips:alice@ringwall.test"), """\
Call of sip:anonymous@anonymous.invalid to sips:alice@ringwall.test, secure
Taken for granted
  The request comes from an address of this adjacency.
  Its Contact has the scheme of the call, and it requires nothing of a proxy.
  There is no description of media; what it may hold is judged when there is one.
Stages
  source              passed
  identify            passed
  transport-security  passed
  certificate-name    passed
  sanity              passed
  target-security     refused
    by untrusted-caller-secure-target: A request is rejected if its caller is untrusted and its target requires security.
The caller would hear 403 SIPS Target Not Allowed From Untrusted Caller; nothing would be sent on.
""")
        allowed = self.say("explain call from outside to sip:5001@203.0.113.1")
        self.assertIn("route by softswitch (sip): allowed\n", allowed)
        self.assertIn(f"Would be sent: INVITE sip:5001@{SWITCH} by softswitch to {SWITCH}:5060 over UDP\n", allowed)
        self.assertIn("challenged", self.say("explain call from phones to sip:5001@203.0.113.1"))
        known = json.loads(self.say("explain call from phones as alice@ringwall.test to sip:nobody@ringwall.test | json"))
        self.assertEqual((known["end"], known["status"], known["targets"][0]["verdict"]),
                         ("refused", 404, "there is no such user"))
        self.assertEqual(capture.since(0), [])

        caller, switch = SipPeer(self, "caller", CALLER), SipPeer(self, "switch", SWITCH)
        caller.invite("203.0.113.1", "allowed@x")
        self.assertEqual(switch.expect("INVITE").uri, f"sip:alice@{SWITCH}")
        self.call(caller, "sips:alice@ringwall.test", "refused@x")
        self.assertEqual(caller.expect_status(403, "INVITE")["Warning"], "")  # a stranger learns no more

        refused = self.refusals()
        self.assertEqual([(each["status"], each["stage"]) for each in refused], [(403, "target-security")])
        self.assertIn("by untrusted-caller-secure-target: A request is rejected",
                      self.say(f"show services sbc sbe calls {refused[0]['call']} trace"))
        up = json.loads(self.say("show services sbc sbe calls | json"))
        self.assertIn("route by softswitch (sip): allowed\n", self.say(f"show services sbc sbe calls {up[0]['call']} trace"))

    def test_a_trusted_caller_hears_the_rule(self):
        switch = SipPeer(self, "switch", SWITCH)
        switch.invite("198.51.100.1", "refused@x")
        warning = switch.expect_status(480, "INVITE")["Warning"]
        self.assertIn('381 198.51.100.1 "SIPS Required"', warning)
        self.assertIn("399 198.51.100.1 \"sip-calls-in-reject: This adjacency takes calls to SIPS URIs only "
                      "('sip-calls-in reject').\"", warning)

    def test_a_register_with_wrong_credentials_is_kept_and_what_it_showed_is_not(self):
        desk = SipPeer(self, "desk", DESK)
        desk.turn_to("192.0.2.1")

        secret = "f0" * 32

        def register(call_id: str, nonce: str = "") -> str:
            """The nonce of the challenge."""
            fields = {"Authorization": f'Digest username="bob", realm="desks.test", nonce="{nonce}", uri="sip:desks.test", '
                                       f'response="{secret}", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c"'} if nonce else {}
            desk.ask("REGISTER", "sip:desks.test", "<sip:bob@desks.test>;tag=d", "<sip:bob@desks.test>", call_id, **fields)
            return re.search('Digest .*nonce="([^"]+)"', desk.expect_status(401, "REGISTER")["WWW-Authenticate"])[1]

        nonce = register("first@x")
        register("made-up@x", nonce="n")
        self.assertEqual(self.refusals(), [])  # a challenge is no refusal, and what is for no nonce of ours is not looked at
        register("second@x", nonce)
        [refused] = self.refusals()
        self.assertEqual([refused[each] for each in ("method", "status", "reason", "stage", "from")],
                         ["REGISTER", 401, "wrong password", "authenticate", "desks"])
        trace = self.trace(refused["call"])
        self.assertIn("  authenticate        challenged\n    by authenticate: A phone calls as itself only", trace)
        self.assertIn("Result\n  refused, 401 wrong password\n", trace)
        for shown in (trace, str(refused), self.say("show services sbc sbe refusals")):
            self.assertNotIn(secret, shown)
            self.assertNotIn("Digest", shown)

    def test_a_message_and_a_refer_that_are_refused_are_kept(self):
        caller, switch = SipPeer(self, "caller", CALLER), SipPeer(self, "switch", SWITCH)
        caller.turn_to("203.0.113.1")
        caller.ask("MESSAGE", "sip:bob@desks.test", "<sip:300@203.0.113.31>;tag=m", "<sip:bob@desks.test>", "message@x")
        caller.expect_status(480, "MESSAGE")
        [refused] = self.refusals()
        self.assertEqual((refused["method"], refused["status"]), ("MESSAGE", 480))
        self.assertIn("Targets\n  the user is not registered\n", self.trace(refused["call"]))

        caller.invite("203.0.113.1", "call@x")
        switch.answer(switch.expect("INVITE"), 200, switch.description)
        answer = caller.expect_status(200, "INVITE")
        caller.acknowledge("203.0.113.1", answer)
        switch.expect("ACK")
        number = int(answer["CSeq"].split()[0])
        caller.ask("REFER", answer.contact, answer["From"], answer["To"], "call@x", cseq=number + 1,
                   Refer_To="<sip:5002@203.0.113.1>")
        self.assertEqual(caller.expect_status(403, "REFER")["Warning"], "")  # a stranger learns no more
        [call] = json.loads(self.say("show services sbc sbe calls | json"))
        refused = self.refusals()[0]
        self.assertEqual([refused[each] for each in ("method", "status", "reason", "within", "from", "to")],
                         ["REFER", 403, "refer-refuse", call["call"], "outside", "softswitch"])
        rule = ("  REFER by outside (sip): refused\n"
                "    by refer-refuse: This adjacency may not refer anybody ('refer refuse').\n")
        self.assertIn(rule, self.trace(refused["call"]))
        self.assertIn(rule, self.trace(call["call"]))
        self.say(f"clear services sbc sbe call {call['call']}")
        for peer in (caller, switch):
            peer.answer(peer.expect("BYE"), 200)
        self.assertIn("  From outside to softswitch: answered, 200 ", self.say("show services sbc sbe ended-calls"))


if __name__ == "__main__":
    main()
