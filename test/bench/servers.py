"""The programs under test: ringwall-sbc and Kamailio, each on the first core of this process's set."""
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import time

FOLDER = pathlib.Path(__file__).resolve().parent
USERS = 10_000
CORES = (sorted(os.sched_getaffinity(0)) * 2)[:2]


def free_ports(names: list[str]) -> dict[str, int]:
    """Ports that are free for UDP and TCP; held until all are chosen, so that no two are the same."""
    held, ports = [], {}
    for name in names:
        while True:
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held += [udp, tcp]
            udp.bind(("127.0.0.1", 0))
            try:
                tcp.bind(("127.0.0.1", udp.getsockname()[1]))
            except OSError:
                continue
            ports[name] = udp.getsockname()[1]
            break
    for each in held:
        each.close()
    return ports


def filled(name: str, values: dict[str, object]) -> str:
    text = (FOLDER / name).read_text()
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    return text


def pinned(cores: list[int]):
    def prepare() -> None:
        os.sched_setaffinity(0, cores)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return prepare


class Server:
    """A program under test. `ports` names what it listens on."""
    name = ""

    def __init__(self, folder: pathlib.Path, ports: dict[str, int]) -> None:
        self.folder, self.ports = folder, ports
        self.workers, self.has_store = 1, False
        self.process: subprocess.Popen | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=pinned(CORES if self.workers > 1 else CORES[:1]),
                                            start_new_session=True)
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.ports["TLS_PHONES"]), timeout=1).close()
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"bench: {self.name} does not start, see {self.folder}/{self.name}.log") from None
                time.sleep(0.05)
        time.sleep(0.3)

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            pass
        try:  # children may outlive a process that died, and keep its ports
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None

    def at(self, port: str) -> str:
        return f"127.0.0.1:{self.ports[port]}"


class Ringwall(Server):
    name = "ringwall"

    def __init__(self, folder: pathlib.Path, program: pathlib.Path) -> None:
        super().__init__(folder, free_ports(["PHONES", "TLS_PHONES", "CERTIFIED_PHONES", "TRUNK_IN", "TRUNK_OUT",
                                             "SWITCH", "CALLEE"]))
        self.program = program
        users = [f"a{i}" for i in range(USERS)] + [f"b{i}" for i in range(100)]
        subscribers = "\n".join(f"  subscriber {user}@bench.test\n   password secret\n"
                                f"   certificate-name phone.bench.test" for user in users)
        (folder / "ringwall.conf").write_text(filled("ringwall.conf", {
            **self.ports, "PKI": folder / "pki", "SUBSCRIBERS": subscribers}))

    def command(self) -> list[str]:
        kept = []
        if self.has_store:  # of this run alone
            shutil.rmtree(self.folder / "store", ignore_errors=True)
            kept = ["--store", str(self.folder / "store")]
        return [str(self.program), "--config", str(self.folder / "ringwall.conf"), *kept, "--workers", str(self.workers)]


class Kamailio(Server):
    name = "kamailio"

    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__(folder, free_ports(["PHONES", "TLS_PHONES"]))
        for file in ("kamailio.cfg", "kamailio-tls.cfg"):
            (folder / file).write_text(filled(file, {**self.ports, "PKI": folder / "pki", "FOLDER": folder}))

    def command(self) -> list[str]:
        return ["/usr/sbin/kamailio", "-f", str(self.folder / "kamailio.cfg"), "-DD", "-E", "-m", "2048", "-M", "32",
                "-x", "tlsf", "-X", "tlsf", "-Y", str(self.folder), "-P", str(self.folder / "kamailio.pid")]
