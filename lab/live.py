"""The lab that stays up: takes `make call`, `make hangup` and `make stop` over a socket in its folder."""
import contextlib
import os
import pathlib
import signal
import socket
import sys

from lab.scene import Scene, TARGETS
from lab.waiting import Overdue

# Begins an answer that is no success.
FAILED = "failed: "

_HELP = """\
The lab is up: alice and bob (baresip), carol and dave (ringwall-phone) are registered over TLS, desk is a
softswitch over TCP, trunk has its media in the clear. In another terminal:

  make call FROM=alice TO=bob      a call; FROM and TO: alice, bob, carol, dave, desk, trunk (TO may be any sip: URI)
  make hangup                      ends all calls
  make stop                        ends the lab (or Ctrl-C here)

  make console                     Ringwall's console; lab/ringwall.console is what it was told
  tail -f {folder}/sbc.log        what Ringwall says
  tail -f {folder}/trace.jsonl    every message, and record.jsonl every call
  {folder}/alice/baresip.log      what a phone sees
  {folder}/carol/phone.log        of a ringwall-phone; profile.conf is what it is set to, call-N.wav a call
  {folder}/*.pcap                 what is on each host's link
"""


class _Stopped(Exception):
    pass


def _stop(*_) -> None:
    raise _Stopped


def _perform(scene: Scene, command: str, words: list[str]) -> str:
    if command == "hangup":
        for phone in scene.phones.values():
            phone.hang_up()
        return "hung up"
    caller, callee = words
    if caller not in scene.phones:
        return f"{FAILED}there is no phone {caller}: {', '.join(scene.phones)}"
    target = TARGETS.get(callee, callee)
    try:
        scene.phones[caller].dial(target)
        scene.phones[caller].wait_established()
    except Overdue as overdue:
        return f"{FAILED}{overdue}"
    return f"{caller} talks with {target}; make hangup ends it"


def run(folder: pathlib.Path, program: pathlib.Path, phone_program: pathlib.Path) -> int:
    with contextlib.suppress(OSError):
        ask(folder, "status")
        sys.exit("a lab is up already: make stop ends it")
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    scene = None
    print("Starting the lab ...", flush=True)
    try:
        scene = Scene(folder, program, phone_program)
        scene.wait_registered()
        with socket.socket(socket.AF_UNIX) as listener:
            os.chdir(folder)  # the name of a socket has at most 107 octets
            listener.bind("control")
            listener.listen()
            print(_HELP.format(folder=os.path.relpath(folder, folder.parents[2])), flush=True)
            while _serve_one(scene, listener):
                pass
    except _Stopped:
        pass
    except Overdue as overdue:
        print(f"the lab did not start: {overdue}")
        return 1
    finally:
        if scene:
            scene.stop()
    print("The lab has ended.")
    return 0


def _serve_one(scene: Scene, listener: socket.socket) -> bool:
    connection, _ = listener.accept()
    with connection, contextlib.suppress(BrokenPipeError):
        command, *words = connection.recv(4096).decode().split("\n")
        if command in ("call", "hangup"):
            answer = _perform(scene, command, words)
            print(answer, flush=True)
            connection.sendall(answer.encode())
        else:
            connection.sendall(b"the lab ends" if command == "stop" else b"up")
        return command != "stop"


def ask(folder: pathlib.Path, *words: str) -> str:
    """Sends a command to the lab that is up; OSError when there is none."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect("control")
            connection.sendall("\n".join(words).encode())
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(4096).decode()
    finally:
        os.chdir(before)
