"""ringwall-sbc as a process: started, waited for, told at its console, its trace and records read, ended."""
import json
import pathlib
import signal
import subprocess

from lab.network import Network
from lab.waiting import Overdue, wait_for


class Border:
    """With a configuration file; without one it has a store and a console in its folder, and waits to be told."""

    def __init__(self, network: Network, host: str, program: pathlib.Path, folder: pathlib.Path,
                 configuration: pathlib.Path | None = None, options: list[str] | None = None) -> None:
        self._folder, self._console = folder, program.parent / "ringwall"
        self.log, self._trace, self._record = (folder / name for name in ("sbc.log", "trace.jsonl", "record.jsonl"))
        for file in (self._trace, self._record):
            file.unlink(missing_ok=True)
        self.log.unlink(missing_ok=True)
        # The name of a socket has at most 107 octets, so it is one of the folder.
        source = ["--config", str(configuration)] if configuration else ["--store", "store", "--console", "console"]
        more = options or []
        self._start = lambda log: network.start(
            host, [str(program), *source, *more, "--trace", str(self._trace), "--record", str(self._record)],
            stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        self._open()

    def _open(self) -> None:
        with self.log.open("ab") as log:
            self._beginning = log.tell()  # of what this run says
            self._process = self._start(log)

    def say(self, script: str, user: str | None = None) -> subprocess.CompletedProcess:
        """At the console, as a script; its status says whether all of it was done."""
        as_user = ["setpriv", f"--reuid={user}", "--clear-groups"] if user else []
        return subprocess.run([*as_user, str(self._console), "console", "--socket", "console"], cwd=self._folder,
                              input=script, capture_output=True, text=True, timeout=60, check=False)

    def configure(self, script: pathlib.Path) -> None:
        done = self.say(script.read_text())
        if done.returncode != 0:
            raise Overdue(f"the console did not take {script.name}: {done.stderr.strip()}")

    def start_again(self) -> None:
        """After its end; its log goes on."""
        self._open()
        self.wait_ready()

    def kill(self) -> None:
        """No farewell."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """It is there, and does nothing until `thaw`."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def wait_ready(self, seconds: float = 20) -> None:
        def ready():
            if self._process.poll() is not None:
                raise Overdue(f"ringwall-sbc ended at its start with status {self._process.returncode}: "
                              f"{self.log.read_text(errors='replace').strip()[-600:]}")
            return b"sbc.ready" in self.log.read_bytes()[self._beginning:]
        wait_for("sbc.ready in the log of ringwall-sbc", ready, seconds)

    @staticmethod
    def _lines(file: pathlib.Path) -> list[dict]:
        if not file.exists():
            return []
        # The last line may be half written.
        return [json.loads(line) for line in file.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def trace(self) -> list[dict]:
        """Every message in and out: time, call, adjacency, direction, peer, transport, message, ..."""
        return self._lines(self._trace)

    def records(self) -> list[dict]:
        """One for each call that has ended."""
        return self._lines(self._record)

    def wait_record(self, caller: str, callee: str, seconds: float = 10) -> dict:
        """The newest record of a call between these users."""
        def found():
            return [record for record in self.records()
                    if f":{caller}@" in record["caller"] and f":{callee}@" in record["callee"]]
        return wait_for(f"a record of the call from {caller} to {callee}", found, seconds)[-1]

    def is_running(self) -> bool:
        return self._process.poll() is None

    def status(self) -> int | None:
        return self._process.poll()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def stop(self, seconds: float = 15) -> int:
        """Ends it in an orderly way; returns its exit status, negative when a signal ended it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()
