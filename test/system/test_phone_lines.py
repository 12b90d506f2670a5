#!/usr/bin/python3
"""Two lines of one ringwall-phone over TLS: the second begins when the first has its connection and the final answer to
its first REGISTER, or after 20 s. The servers are the test's own, and answer when it says so."""
import contextlib
import re
import socket
import ssl
import threading
import time

from phone_test import PhoneTest, main, profile, wait_for

NAME_SERVER, FIRST, SECOND, PHONE = "192.0.2.53", "192.0.2.31", "192.0.2.32", "192.0.2.11"
PATIENCE = 2.0  # seconds, for what must not happen
LIMIT = 20.0


class Server:
    """Answers each REGISTER with `status` once it may."""

    def __init__(self, test: "Lines", name: str, address: str, status: str = "200 OK") -> None:
        test.network.add(name, [f"{address}/24"])
        test.authority.issue(name, [f"DNS:{name}.test"], "serverAuth")
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(test.authority.folder / f"{name}.crt", test.authority.folder / f"{name}.key")
        self._status = status
        self.may_shake_hands, self.may_answer = threading.Event(), threading.Event()
        self.accepted: list[float] = []
        self.registers: list[float] = []
        self.answered: list[float] = []
        self._socket = test.network.socket(name, socket.SOCK_STREAM)
        self._socket.bind((address, 5061))
        self._socket.listen()
        self._socket.settimeout(0.2)
        self._is_stopped = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        test.addCleanup(self._stop)

    def ready(self) -> "Server":
        self.may_shake_hands.set()
        self.may_answer.set()
        return self

    def _serve(self) -> None:
        while not self._is_stopped:
            with contextlib.suppress(OSError):  # nobody came, or the phone has gone
                plain, _ = self._socket.accept()
                self.accepted.append(time.monotonic())
                self.may_shake_hands.wait(60)
                with self._context.wrap_socket(plain, server_side=True) as connection:
                    connection.settimeout(0.2)
                    self._listen_to(connection)

    def _listen_to(self, connection: ssl.SSLSocket) -> None:
        block = b" "
        while block and not self._is_stopped:
            with contextlib.suppress(TimeoutError):
                block = connection.recv(65536)
                self._hear(connection, block)

    def _hear(self, connection: ssl.SSLSocket, block: bytes) -> None:
        if not block.startswith(b"REGISTER"):
            return  # a ping
        self.registers.append(time.monotonic())
        self.may_answer.wait(60)
        copied = re.findall(rb"^(?:Via|From|To|Call-ID|CSeq|Contact): .*\r\n", block, re.MULTILINE)
        status = self._status if b"\r\nExpires: 0\r\n" not in block else "200 OK"
        connection.sendall(f"SIP/2.0 {status}\r\n".encode() + b"".join(copied) + b"Content-Length: 0\r\n\r\n")
        self.answered.append(time.monotonic())

    def _stop(self) -> None:
        self._is_stopped = True
        self.ready()
        self._thread.join()
        self._socket.close()


class Lines(PhoneTest):
    def setUp(self) -> None:
        super().setUp()
        self.name_server(NAME_SERVER, f"--host-record=first.test,{FIRST}", f"--host-record=second.test,{SECOND}")

    def start_phone(self):
        return self.phone("phone", PHONE, profile({"Custom_CA_File": str(self.authority.certificate)}, *(
            {"SIP_Transport": "TLS", "Proxy": f"{name}.test", "User_ID": "alice", "Password": "wonderland"}
            for name in ("first", "second"))))

    def assert_second_waits(self, second: Server) -> None:
        time.sleep(PATIENCE)  # for what must not happen there is no event
        self.assertEqual(second.accepted, [])

    def in_turn(self, status: str) -> None:
        first, second = Server(self, "first", FIRST, status), Server(self, "second", SECOND).ready()
        phone = self.start_phone()
        wait_for("the first connection", lambda: first.accepted)
        self.assert_second_waits(second)
        first.may_shake_hands.set()
        wait_for("the first REGISTER", lambda: first.registers)
        self.assert_second_waits(second)
        first.may_answer.set()
        wait_for("the second connection", lambda: second.accepted)
        self.assertGreater(second.accepted[0], first.registers[0] + PATIENCE)
        phone.wait_registered(line=2)
        self.assertEqual(phone.line(1)["registered"], status == "200 OK")

    def test_after_the_answer(self):
        self.in_turn("200 OK")

    def test_after_a_refusal(self):
        self.in_turn("403 Forbidden")

    def test_after_twenty_seconds(self):
        first, second = Server(self, "first", FIRST), Server(self, "second", SECOND).ready()
        phone = self.start_phone()
        wait_for("the first connection", lambda: first.accepted)
        wait_for("the second connection", lambda: second.accepted, LIMIT + 5)
        self.assertAlmostEqual(second.accepted[0] - first.accepted[0], LIMIT, delta=1)
        phone.wait_registered(line=2)
        self.assertEqual(first.registers, [])


if __name__ == "__main__":
    main()
