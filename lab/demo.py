"""The demonstration: calls through Ringwall, and what must be true of each of them."""
import json
import pathlib
import re
import time

from lab import ear, outside
from lab.capture import Capture
from lab.ladder import ladder, messages_of, record_line
from lab.network import Network
from lab.phone import Phone
from lab.ringwall_phone import RingwallPhone
from lab.scene import ADDRESSES, ALICE, BOB, BORDER, ENGINE, NAMES, OUTSIDE, PASSWORDS, Scene, TARGETS, TRUNK
from lab.waiting import Overdue, wait_for

_PACKETS = 75  # of 20 ms, in each direction, before the ear is asked


class Checks:
    def __init__(self) -> None:
        self.failures = 0

    def check(self, what: str, is_true: bool, seen: object = "") -> bool:
        if is_true:
            print(f"  ok      {what}" + (f" ({seen})" if seen else ""), flush=True)
        else:
            self.failures += 1
            print(f"  FAILED  {what}: seen: {seen or 'nothing'}", flush=True)
        return bool(is_true)

    def happens(self, what: str, wait, *arguments) -> bool:
        """That `wait` returns instead of being overdue."""
        try:
            wait(*arguments)
        except Overdue as overdue:
            return self.check(what, False, overdue)
        return self.check(what, True)


def _wait_audio(capture, mark: int, *sources: str) -> None:
    for source in sources:
        wait_for(f"audio from {NAMES.get(source, source)}",
                 lambda source=source: any(len(stream.packets) >= _PACKETS
                                           for stream in ear.streams_from(capture.since(mark), source)))


def _reference_call(checks: Checks, network: Network, folder: pathlib.Path) -> None:
    """Two phones without Ringwall and without encryption: what the ear must hear."""
    addresses = {"near": "198.51.100.31", "far": "198.51.100.32"}
    for name, address in addresses.items():
        network.add(name, [f"{address}/24"])
    capture = Capture(network, "near", folder / "near.pcap")
    phones = [Phone(network, name, address, folder / name, f"<sip:{name}@{address}>;regint=0;answermode=auto;audio_codecs=PCMU")
              for name, address in addresses.items()]
    try:
        for phone in phones:
            phone.connect()
        phones[0].dial("sip:far@198.51.100.32")
        phones[0].wait_established()
        _wait_audio(capture, 0, addresses["near"])
        phones[0].hang_up()
        heard = ear.listen(ear.streams_from(capture.since(0), addresses["near"])[0].packets)
        checks.check("the ear hears the tone of a plain call that has nothing to do with Ringwall", heard.has_tone, heard)
    except Overdue as overdue:
        checks.check("a plain call without Ringwall, for the ear", False, overdue)
    finally:
        for phone in phones:
            phone.stop()
        capture.stop()


def _check_stream(checks: Checks, who: str, address: str, packets: list) -> ear.Stream | None:
    streams = ear.streams_from(packets, address)
    is_one = checks.check(f"{who} sent one stream of audio", len(streams) == 1, f"{len(streams)} streams")
    return streams[0] if is_one else None


def _check_wire(checks: Checks, scene: Scene, who: str, packets: list) -> list[bytes]:
    """What a phone sent is one stream, and noise; its packets."""
    stream = _check_stream(checks, who, ADDRESSES[who], packets)
    if not stream:
        return []
    heard = ear.listen(stream.packets, scene.phones[who].tone)
    checks.check(f"what {who} sent is noise on the wire, no tone", heard.is_noise, heard)
    return stream.packets


def _check_audio(checks: Checks, scene: Scene, who: str, witness: str, packets: list) -> None:
    """The audio that a phone sent: noise on the wire, the tone with a key of the SDP that the witness saw."""
    audio = _check_wire(checks, scene, who, packets)
    if not audio:
        return
    port = ear.streams_from(packets, ADDRESSES[who])[0].source_port
    key = ear.key_of(audio, ear.crypto_of((message.sdp for message in scene.phones[witness].trace()), port))
    if not checks.check(f"{who}'s SDP has a key for it", key is not None, key.split()[1] if key else "none that opens it"):
        return
    tone = scene.phones[who].tone
    heard = ear.listen(ear.decrypt(audio, key), tone)
    checks.check(f"decrypted with that key it is the tone of {tone} Hz", heard.has_tone, heard)


def _check_heard(checks: Checks, scene: Scene, who: str, whom: str) -> None:
    """By the recording that the phone made of what it heard."""
    tone = scene.phones[whom].tone
    try:
        share = ear.share_of_tone(*scene.phones[who].heard(), tone)
    except Overdue as overdue:
        checks.check(f"{who} heard {whom}'s tone of {tone} Hz", False, overdue)
        return
    checks.check(f"{who} heard {whom}'s tone of {tone} Hz", share > 0.5, f"{share:.0%} of the energy")


def _check_signalling(checks: Checks, packets: list, name: str) -> None:
    signalling = [p for p in packets if BORDER["phones"] in (p.source, p.destination) and p.payload]
    plain = [p for p in signalling if b"SIP/2.0" in p.payload]
    records = [p for p in signalling if p.protocol == "tcp" and 5061 in (p.source_port, p.destination_port)
               and p.payload[:1] in (b"\x14", b"\x15", b"\x16", b"\x17")]
    checks.check(f"signalling between {name} and Ringwall is TLS and nothing else", bool(records) and not plain,
                 f"{len(records)} packets with TLS records, {len(plain)} with plain SIP")


def _check_hiding(checks: Checks, caller: Phone, callee: Phone) -> None:
    """Nothing of one side's signalling is seen on the other."""
    sent = next(m for m in reversed(caller.trace()) if m.is_sent and m.start_line.startswith("INVITE "))
    seen = next((m for m in reversed(callee.trace()) if not m.is_sent and m.start_line.startswith("INVITE ")), None)
    if not checks.check(f"{callee.name} got an INVITE", seen is not None):
        return
    headers = seen.text.partition("\r\n\r\n")[0]
    def value(text: str, name: str) -> str:
        return next(line.split(":", 1)[1].strip() for line in text.split("\r\n") if line.lower().startswith(name + ":"))
    own = {"address": caller.address, "Call-ID": value(sent.text, "call-id"),
           "tag": value(sent.text, "from").partition("tag=")[2], "branch": value(sent.text, "via").partition("branch=")[2].split(";")[0]}
    leaked = [what for what, text in own.items() if text and text in headers]
    checks.check(f"{callee.name} sees nothing of {caller.name}'s leg in the headers", not leaked,
                 f"{', '.join(leaked)} of {caller.name}" if leaked else "address, Call-ID, tag and branch are others")
    contact = value(headers, "contact")
    checks.check("the Contact that it sees bears the certificate's name", "@ringwall.test" in contact
                 or "sip:ringwall.test" in contact or "sbc.ringwall.test" in contact, contact)


def _call(checks: Checks, scene: Scene, caller: str, callee: str, engine: str | None = None) -> tuple[list, bool]:
    """One call, hung up by the caller after some audio; what passed on its link, and did it work.
    Where the address of a media engine is given, what the caller hears comes from there."""
    phones, capture = scene.phones, scene.captures[caller]
    mark = capture.mark()
    phones[callee].forget()
    try:
        phones[caller].dial(TARGETS[callee])
        phones[caller].wait_established()
        phones[callee].wait_established()
        _wait_audio(capture, mark, ADDRESSES[caller], engine or ADDRESSES[callee])
        phones[caller].hang_up()
        phones[callee].wait_closed()
    except Overdue as overdue:
        phones[caller].hang_up()
        return [], checks.check(f"{caller} calls {callee}, both talk, {caller} hangs up", False, overdue)
    return capture.since(mark), checks.check(f"{caller} calls {callee}, both talk, {caller} hangs up", True)


def _first_call(checks: Checks, scene: Scene) -> None:
    print("\nFirst call: alice to bob, TLS on both legs")
    packets, has_worked = _call(checks, scene, "alice", "bob")
    for name in ("alice", "bob"):
        _check_signalling(checks, scene.captures[name].since(0), name)
    if not has_worked:
        return
    for name in ("alice", "bob"):
        _check_audio(checks, scene, name, name, packets)
    _check_heard(checks, scene, "bob", "alice")
    _check_hiding(checks, scene.phones["alice"], scene.phones["bob"])


def _softswitch_calls(checks: Checks, scene: Scene) -> None:
    print("\nThe softswitch (TCP, trusted, unencrypted signalling) and a TLS phone")
    for caller, callee in (("desk", "alice"), ("alice", "desk")):
        packets, has_worked = _call(checks, scene, caller, callee)
        if has_worked:
            _check_audio(checks, scene, "alice", "alice", packets)


def _own_call(checks: Checks, scene: Scene) -> None:
    print("\nRingwall's own phones: carol to dave, whose phone challenges whoever calls (Auth INVITE)")
    packets, has_worked = _call(checks, scene, "carol", "dave")
    for name in ("carol", "dave"):
        _check_signalling(checks, scene.captures[name].since(0), name)
    if not has_worked:
        return
    for name in ("carol", "dave"):
        _check_wire(checks, scene, name, packets)
    _check_heard(checks, scene, "dave", "carol")
    _check_heard(checks, scene, "carol", "dave")
    _check_challenge(checks, scene, "carol", "dave")


def _check_challenge(checks: Checks, scene: Scene, caller: str, callee: str) -> None:
    """The callee's phone asked who is calling; Ringwall answered, and the caller has seen nothing of it."""
    try:
        record = scene.border.wait_record(caller, callee)
    except Overdue as overdue:
        checks.check(f"there is a record of the call from {caller} to {callee}", False, overdue)
        return
    messages = messages_of(scene.border.trace(), record)
    def at(who: str, direction: str, start: str) -> int:
        return sum(entry["peer"].startswith(ADDRESSES[who] + ":") and entry["direction"] == direction
                   and entry["message"].startswith(start) for entry in messages)
    checks.check(f"{callee} challenged the INVITE, and Ringwall proved itself with the second",
                 at(callee, "in", "401 ") == 1 and at(callee, "out", "INVITE ") == 2
                 and at(callee, "in", "200 ") >= 1,
                 f"{at(callee, 'in', '401 ')} challenges, {at(callee, 'out', 'INVITE ')} INVITEs")
    challenges = at(caller, "out", "401 ") + at(caller, "out", "407 ")
    checks.check(f"{caller} was not challenged", not challenges, f"{challenges} challenges" if challenges else "")


def _mixed_calls(checks: Checks, scene: Scene, *calls: tuple[str, str]) -> None:
    print("\nRingwall's own phones and baresip")
    for caller, callee in calls:
        packets, has_worked = _call(checks, scene, caller, callee)
        if not has_worked:
            continue
        witness = next(who for who in (caller, callee) if isinstance(scene.phones[who], Phone))
        for who in (caller, callee):
            _check_audio(checks, scene, who, witness, packets)
        _check_heard(checks, scene, caller, callee)
        _check_heard(checks, scene, callee, caller)
        if callee == "dave":
            _check_challenge(checks, scene, caller, callee)


def _trunk_calls(checks: Checks, scene: Scene) -> None:
    print("\nA trunk that knows nothing of encryption (UDP, RTP), and TLS phones: rtpengine stands between their media")
    explained = _explain(checks, scene, f"from phones as alice@ringwall.test to {TARGETS['trunk']}")
    told = re.search(rf"^Would be sent: (INVITE \S+) by trunk to {TRUNK}:5060 over UDP$", explained, re.MULTILINE)
    checks.check("explain says where the call would go", told is not None, told[1] if told else "")
    mark = scene.captures["trunk"].mark()
    _trunk_call(checks, scene, "alice", "alice", "trunk")
    sent = [p.payload for p in scene.captures["trunk"].since(mark) if p.payload.startswith(b"INVITE ")
            and (p.protocol, p.source, p.destination, p.destination_port) == ("udp", BORDER["softswitch"], TRUNK, 5060)]
    checks.check("and that is what was sent", told is not None and bool(sent) and all(
        payload.startswith(told[1].encode() + b" SIP/2.0\r\n") for payload in sent), f"{len(sent)} INVITE" if sent else "")
    _trunk_call(checks, scene, "carol", "trunk", "carol")


def _trunk_call(checks: Checks, scene: Scene, phone: str, caller: str, callee: str) -> None:
    """What is heard of it on both wires, and by both ends."""
    captures = {name: scene.captures[name] for name in (phone, "trunk")}
    marks = {name: capture.mark() for name, capture in captures.items()}
    _, has_worked = _call(checks, scene, caller, callee, ENGINE)
    if not has_worked:
        return
    packets, trunk = (capture.since(marks[name]) for name, capture in captures.items())
    if isinstance(scene.phones[phone], Phone):
        _check_audio(checks, scene, phone, phone, packets)
    else:
        _check_wire(checks, scene, phone, packets)
    if stream := _check_stream(checks, f"towards {phone} rtpengine", ENGINE, packets):
        heard = ear.listen(stream.packets, scene.phones["trunk"].tone)
        checks.check(f"what {phone} was sent is noise on the wire, no tone", heard.is_noise, heard)
    for who, address, of in (("trunk", TRUNK, "trunk"), ("towards the trunk rtpengine", ENGINE, phone)):
        if stream := _check_stream(checks, who, address, trunk):
            heard = ear.listen(stream.packets, scene.phones[of].tone)
            checks.check(f"on the trunk's wire {of}'s tone is RTP in the clear", heard.has_tone, heard)
    leaked = [word for word in (b"a=crypto", b"inline:", b"RTP/SAVP") if any(word in p.payload for p in trunk)]
    checks.check("no key and no word of encryption passed on the trunk's wire", not leaked, leaked or "")
    direct = [p for p in packets + trunk if {p.source, p.destination} == {ADDRESSES[phone], TRUNK}]
    checks.check(f"{phone} and the trunk sent each other nothing", not direct, f"{len(direct)} packets" if direct else "")
    _check_heard(checks, scene, "trunk", phone)
    _check_heard(checks, scene, phone, "trunk")


def _explain(checks: Checks, scene: Scene, what: str) -> str:
    """What Ringwall says of a call that nobody makes."""
    mark = scene.captures["sbc"].mark()
    said = _console(checks, scene, f"explain call {what}")
    # Else than registrations, which are over TLS.
    sent = [p for p in scene.captures["sbc"].since(mark) if b"INVITE" in p.payload]
    checks.check("explain sends nothing", not sent, f"{len(sent)} packets" if sent else "")
    return said


def _console(checks: Checks, scene: Scene, line: str, *, is_shown: bool = True) -> str:
    done = scene.border.say(line + "\n")
    checks.check(f"console: {line}", done.returncode == 0, done.stderr.strip())
    if is_shown:
        print("".join(f"    {each}\n" for each in done.stdout.splitlines()), end="")
    return done.stdout


def _renewed_certificate(checks: Checks, scene: Scene) -> None:
    print("\nRingwall's certificate is renewed while alice talks to bob")
    alice, bob, capture = scene.phones["alice"], scene.phones["bob"], scene.captures["alice"]
    before = scene.certificate()
    bob.forget()
    try:
        alice.dial(TARGETS["bob"])
        alice.wait_established()
        bob.wait_established()
        scene.renew_certificate()
        after = scene.certificate()
        wait_for("certificates.reloaded in Ringwall's log",
                 lambda: "certificates.reloaded" in scene.border.log.read_text(errors="replace"))
        _wait_audio(capture, capture.mark(), ALICE, BOB)
        checks.check("the call goes on", not alice.events("CALL_CLOSED") and not bob.events("CALL_CLOSED"))
        shown = scene.shown_certificate("carol")
        checks.check("whoever connects now is shown the new one", shown == after != before)
        alice.hang_up()
        bob.wait_closed()
        checks.check("and the call ends over the connections that it had", True)
    except Overdue as overdue:
        alice.hang_up()
        checks.check("a call outlives its certificate", False, overdue)


def _call_from_outside(checks: Checks, scene: Scene) -> None:
    print("\nA call from outside to a phone")
    explained = _explain(checks, scene, f"from outside as mallory@outside.test to {TARGETS['alice']}")
    alice = scene.captures["alice"]
    mark = alice.mark()
    statuses = outside.invite(scene.network, "outside", OUTSIDE, BORDER["outside"], TARGETS["alice"])
    checks.check("it is refused", bool(statuses) and 400 <= statuses[-1] < 500, statuses)
    time.sleep(0.5)  # what would be sent now would be sent at once: this is no wait for an event
    sent = [p for p in alice.since(mark) if p.source == BORDER["phones"] and p.payload]
    checks.check("nothing was sent to the phone", not sent, f"{len(sent)} packets" if sent else "")
    checks.happens("there is a record of it", scene.border.wait_record, "mallory", "alice")
    checks.check("it is what explain said", bool(statuses) and f"would hear {statuses[-1]} " in explained)
    _check_trace(checks, scene, statuses, explained)


def _check_trace(checks: Checks, scene: Scene, statuses: list[int], explained: str) -> None:
    """Of the refused call, which is the only one: kept, and in the words of explain."""
    refused = json.loads(_console(checks, scene, "show services sbc lab sbe refusals | json", is_shown=False) or "[]")
    if not checks.check("the refusal is kept", [each["status"] for each in refused] == statuses[-1:],
                        refused[0]["reason"] if refused else ""):
        return
    trace = _console(checks, scene, f"show services sbc lab sbe calls {refused[0]['call']} trace")
    def stages(text: str) -> list[str]:
        return re.findall(r"^  .*", text.partition("Stages\n")[2].partition("Result\n")[0], re.MULTILINE)
    checks.check("its trace has the stages and the rule that explain has", bool(stages(trace))
                 and stages(trace) == stages(explained))


def run(folder: pathlib.Path, program: pathlib.Path, phone_program: pathlib.Path, break_what: str | None) -> int:
    checks = Checks()
    print("Starting the lab ...", flush=True)
    scene = None
    try:
        scene = Scene(folder, program, phone_program, "" if break_what == "plain" else "srtp-mand")
        _reference_call(checks, scene.network, folder)
        for name in PASSWORDS:
            how = "with his password alone" if name == "bob" else "with a client certificate"
            what = "ringwall-phone" if isinstance(scene.phones[name], RingwallPhone) else "baresip"
            checks.happens(f"{name} ({what}) registers over TLS {how}", scene.phones[name].wait_registered)
        _first_call(checks, scene)
        if break_what == "plain":
            _mixed_calls(checks, scene, ("bob", "carol"))
            print("\nBREAK=plain: baresip did not encrypt its audio, and that must have been found.")
        else:
            _own_call(checks, scene)
            _mixed_calls(checks, scene, ("carol", "bob"), ("alice", "dave"))
            _softswitch_calls(checks, scene)
            _trunk_calls(checks, scene)
            _renewed_certificate(checks, scene)
            _call_from_outside(checks, scene)
        _show_call(checks, scene, "alice", "bob")
        if break_what != "plain":
            _show_call(checks, scene, "carol", "dave")
    except Overdue as overdue:
        checks.check("the lab starts", False, overdue)
    finally:
        if scene:
            status = scene.stop()
            checks.check("ringwall-sbc ends in an orderly way", status == 0, f"exit status {status}")
    print(f"\n{'All is as it must be.' if not checks.failures else f'{checks.failures} checks FAILED.'} "
          f"Logs and captures: {folder}")
    return 1 if checks.failures else 0


def _show_call(checks: Checks, scene: Scene, caller: str, callee: str) -> None:
    print(f"\nThe call from {caller} to {callee}, as Ringwall saw it")
    try:
        record = scene.border.wait_record(caller, callee)
    except Overdue as overdue:
        checks.check("there is a record of it", False, overdue)
        return
    print("\n".join(f"  {line}" for line in ladder(scene.border.trace(), record, NAMES)))
    print(f"\n  record: {record_line(record)}\n")
    checks.check("its record says: secure, answered, from phones to phones, both trusted-encrypted",
                 record["secure"] and record["result"] == "answered"
                 and record["from_adjacency"] == record["to_adjacency"] == "phones"
                 and record["from_security"] == record["to_security"] == "trusted-encrypted")
