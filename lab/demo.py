"""The demonstration: calls through Ringwall, and what must be true of each of them."""
import pathlib
import time
import wave

from lab import ear, outside
from lab.capture import Capture
from lab.ladder import ladder, record_line
from lab.network import Network
from lab.phone import Phone
from lab.scene import ALICE, BOB, BORDER, DESK, NAMES, OUTSIDE, Scene, TARGETS
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
    addresses = {"carol": "198.51.100.31", "dave": "198.51.100.32"}
    for name, address in addresses.items():
        network.add(name, [f"{address}/24"])
    capture = Capture(network, "carol", folder / "carol.pcap")
    phones = [Phone(network, name, address, folder / name, f"<sip:{name}@{address}>;regint=0;answermode=auto;audio_codecs=PCMU")
              for name, address in addresses.items()]
    try:
        for phone in phones:
            phone.connect()
        phones[0].dial("sip:dave@198.51.100.32")
        phones[0].wait_established()
        _wait_audio(capture, 0, addresses["carol"])
        phones[0].hang_up()
        heard = ear.listen(ear.streams_from(capture.since(0), addresses["carol"])[0].packets)
        checks.check("the ear hears the tone of a plain call that has nothing to do with Ringwall", heard.has_tone, heard)
    except Overdue as overdue:
        checks.check("a plain call without Ringwall, for the ear", False, overdue)
    finally:
        for phone in phones:
            phone.stop()
        capture.stop()


def _check_audio(checks: Checks, phone: Phone, packets: list, source: str) -> None:
    """The audio that a phone sent: noise on the wire, the tone with the key of its own SDP."""
    who = phone.name
    streams = ear.streams_from(packets, source)
    if not checks.check(f"{who} sent one stream of audio", len(streams) == 1, f"{len(streams)} streams"):
        return
    heard = ear.listen(streams[0].packets)
    checks.check(f"what {who} sent is noise on the wire, no tone", heard.is_noise, heard)
    keys = ear.crypto_of((message.sdp for message in phone.trace() if message.is_sent), streams[0].source_port)
    if not checks.check(f"{who}'s SDP has a key for it", bool(keys), "no a=crypto" if not keys else keys[-1].split()[1]):
        return
    heard = ear.listen(ear.decrypt(streams[0].packets, keys[-1]))
    checks.check(f"decrypted with that key it is the tone of {ear.TONE:g} Hz", heard.has_tone, heard)


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


def _call(checks: Checks, scene: Scene, caller: str, callee: str) -> tuple[dict, bool]:
    """One call, hung up by the caller after some audio; where it begins in each capture, and did it work."""
    phones, addresses = scene.phones, {"alice": ALICE, "bob": BOB, "desk": DESK}
    marks = {name: capture.mark() for name, capture in scene.captures.items()}
    phones[callee].forget()
    phones[caller].dial(TARGETS[callee])
    try:
        phones[caller].wait_established()
        phones[callee].wait_established()
        _wait_audio(scene.captures[caller], marks[caller], addresses[caller], addresses[callee])
        phones[caller].hang_up()
        phones[callee].wait_closed()
    except Overdue as overdue:
        phones[caller].hang_up()
        return marks, checks.check(f"{caller} calls {callee}, both talk, {caller} hangs up", False, overdue)
    return marks, checks.check(f"{caller} calls {callee}, both talk, {caller} hangs up", True)


def _first_call(checks: Checks, scene: Scene) -> None:
    print("\nFirst call: alice to bob, TLS on both legs")
    marks, has_worked = _call(checks, scene, "alice", "bob")
    for name in ("alice", "bob"):
        _check_signalling(checks, scene.captures[name].since(0), name)
    if not has_worked:
        return
    for name, address in (("alice", ALICE), ("bob", BOB)):
        _check_audio(checks, scene.phones[name], scene.captures["alice"].since(marks["alice"]), address)
    with wave.open(str(scene.phones["bob"].recording())) as recording:
        samples = memoryview(recording.readframes(recording.getnframes())).cast("h").tolist()
        share = ear.share_of_tone(samples, recording.getframerate(), recording.getframerate() // 10)
    checks.check("bob heard alice's tone", share > 0.5, f"{share:.0%} of the energy")
    _check_hiding(checks, scene.phones["alice"], scene.phones["bob"])


def _softswitch_calls(checks: Checks, scene: Scene) -> None:
    print("\nThe softswitch (TCP, trusted, unencrypted signalling) and a TLS phone")
    for caller, callee in (("desk", "alice"), ("alice", "desk")):
        marks, has_worked = _call(checks, scene, caller, callee)
        if has_worked:
            _check_audio(checks, scene.phones["alice"], scene.captures["alice"].since(marks["alice"]), ALICE)


def _call_from_outside(checks: Checks, scene: Scene) -> None:
    print("\nA call from outside to a phone")
    alice = scene.captures["alice"]
    mark = alice.mark()
    statuses = outside.invite(scene.network, "outside", OUTSIDE, BORDER["outside"], TARGETS["alice"])
    checks.check("it is refused", bool(statuses) and 400 <= statuses[-1] < 500, statuses)
    time.sleep(0.5)  # what would be sent now would be sent at once: this is no wait for an event
    sent = [p for p in alice.since(mark) if p.source == BORDER["phones"] and p.payload]
    checks.check("nothing was sent to the phone", not sent, f"{len(sent)} packets" if sent else "")
    checks.happens("there is a record of it", scene.border.wait_record, "mallory", "alice")


def run(folder: pathlib.Path, program: pathlib.Path, break_what: str | None) -> int:
    checks = Checks()
    print("Starting the lab ...", flush=True)
    scene = None
    try:
        scene = Scene(folder, program, "" if break_what == "plain" else "srtp-mand")
        _reference_call(checks, scene.network, folder)
        checks.happens("alice (with a client certificate) and bob (without) register over TLS", scene.wait_registered)
        _first_call(checks, scene)
        if break_what == "plain":
            print("\nBREAK=plain: the phones did not encrypt their audio, and that must have been found.")
        else:
            _softswitch_calls(checks, scene)
            _call_from_outside(checks, scene)
        _show_first_call(checks, scene)
    except Overdue as overdue:
        checks.check("the lab starts", False, overdue)
    finally:
        if scene:
            status = scene.stop()
            checks.check("ringwall-sbc ends in an orderly way", status == 0, f"exit status {status}")
    print(f"\n{'All is as it must be.' if not checks.failures else f'{checks.failures} checks FAILED.'} "
          f"Logs and captures: {folder}")
    return 1 if checks.failures else 0


def _show_first_call(checks: Checks, scene: Scene) -> None:
    print("\nThe first call, as Ringwall saw it")
    try:
        record = scene.border.wait_record("alice", "bob")
    except Overdue as overdue:
        checks.check("there is a record of the first call", False, overdue)
        return
    print("\n".join(f"  {line}" for line in ladder(scene.border.trace(), record, NAMES)))
    print(f"\n  record: {record_line(record)}\n")
    checks.check("its record says: secure, answered, from phones to phones, both trusted-encrypted",
                 record["secure"] and record["result"] == "answered"
                 and record["from_adjacency"] == record["to_adjacency"] == "phones"
                 and record["from_security"] == record["to_security"] == "trusted-encrypted")
