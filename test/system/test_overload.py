#!/usr/bin/python3
"""A flood of calls that nobody could answer in time: most of them hear 503 at once, the call that is up goes on and
ends, and when the flood is over all is as before."""
import contextlib
import subprocess
import threading

from office_and_outside import CONFIGURATION, OFFICE, OUTSIDE
from system_test import SystemTest, main, wait_for

# INVITEs, each a call of its own, from many ports, as fast as they can be sent; what comes back is counted.
FLOOD = """
import itertools, selectors, socket, sys, time
text = ("INVITE sip:nobody@203.0.113.1 SIP/2.0\\r\\nVia: SIP/2.0/UDP 203.0.113.31:{0};branch=z9hG4bK{1}\\r\\n"
        "Max-Forwards: 70\\r\\nFrom: <sip:f@203.0.113.31>;tag={1}\\r\\nTo: <sip:nobody@203.0.113.1>\\r\\n"
        "Call-ID: {1}\\r\\nCSeq: 1 INVITE\\r\\nContact: <sip:f@203.0.113.31:{0}>\\r\\nContent-Length: 0\\r\\n\\r\\n")
sockets = []
for port in range(7001, 7017):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(("203.0.113.31", port))
    one.setblocking(False)
    sockets.append((port, one))
end, count, heard = time.monotonic() + float(sys.argv[1]), itertools.count(), {}
while time.monotonic() < end:
    for port, one in sockets:
        for _ in range(8):
            try:
                one.sendto(text.format(port, next(count)).encode(), ("203.0.113.1", 5060))
            except BlockingIOError:
                break
        try:
            while True:
                answer = one.recv(4096)
                heard[answer[8:11]] = heard.get(answer[8:11], 0) + 1
                if answer[8:11] == b"503":
                    assert b"\\r\\nRetry-After: " in answer
        except BlockingIOError:
            pass
print("sent", next(count), "heard", {key.decode(): value for key, value in heard.items()}, flush=True)
assert heard.get(b"503", 0) > 0
"""


class Overload(SystemTest):
    def sipp(self, host: str, address: str, *words: str) -> subprocess.Popen:
        return self.start(host, ["sipp", "-i", address, "-m", "1", "-nostdin", "-timeout", "60", "-timeout_error", *words])

    def call(self, port: int, milliseconds: int) -> tuple[subprocess.Popen, subprocess.Popen]:
        callee = self.sipp("outside", OUTSIDE, "-p", "5060", "-sn", "uas")
        self.wait_listening(callee, "udp", 5060)
        return callee, self.sipp("office", OFFICE, "-p", str(port), "-sn", "uac", "-d", str(milliseconds), "-s", "15551234", "198.51.100.1:5060")

    def logged(self, event: str) -> int:
        return self.border.log.read_text(errors="replace").count(f" {event} ")

    @contextlib.contextmanager
    def slowed_down(self):
        """However fast this machine is, and however slow the flood: the border controller has a fifth of the time."""
        is_over = threading.Event()

        def hold_up() -> None:
            while not is_over.is_set():
                self.border.freeze()
                is_over.wait(0.04)
                self.border.thaw()
                is_over.wait(0.01)
        thread = threading.Thread(target=hold_up)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def test_what_is_up_goes_on(self):
        self.network.add("office", [f"{OFFICE}/24"])
        self.network.add("outside", [f"{OUTSIDE}/24"])
        self.start_border(CONFIGURATION)
        callee, caller = self.call(5060, 5000)
        wait_for("the call", lambda: self.logged("call.begins") == 1)
        flood = self.start("outside", ["python3", "-c", FLOOD, "8"])
        with self.slowed_down():
            wait_for("the overload", lambda: self.logged("overload.began") > 0, 30)
        # Its BYE goes out while the flood goes on.
        self.assertEqual(caller.wait(40), 0, self.logs())
        self.assertEqual(callee.wait(40), 0, self.logs())
        self.assertEqual(flood.wait(40), 0, self.logs())
        wait_for("the end of it", lambda: self.logged("overload.ended") == self.logged("overload.began"), 30)
        for each in self.call(5061, 100):
            self.assertEqual(each.wait(40), 0, self.logs())
        answered = [record for record in self.border.records() if record["result"] == "answered"]
        self.assertEqual(len(answered), 2)


if __name__ == "__main__":
    main()
