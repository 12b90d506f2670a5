"""Hosts as network namespaces on one switch, inside the lab's own namespaces.

`enter` re-runs the program in a private network, mount and process namespace, so that nothing of it
is seen outside and nothing is left when it ends. As an ordinary user it does so in a user namespace."""
import contextlib
import ctypes
import os
import pathlib
import socket
import subprocess
import sys
import threading

_INSIDE = "RINGWALL_LAB_INSIDE"
_CLONE_NEWNET = 0x40000000


def enter() -> None:
    """Returns inside the namespaces; ends the program with a sentence where that cannot be."""
    if os.environ.get(_INSIDE) == "1":
        # Names and addresses of our own: the machine's are not touched, since mounts are private here.
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
        os.mkdir("/run/netns")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    for user in ([], ["--user", "--map-root-user"]):
        if os.geteuid() != 0 and not user:
            continue
        if subprocess.run(unshare[:1] + user + unshare[1:] + ["mount", "-t", "tmpfs", "tmpfs", "/run"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            arguments = unshare[:1] + user + unshare[1:] + ["/usr/bin/python3", *sys.argv]
            os.execvpe(arguments[0], arguments, {**os.environ, _INSIDE: "1"})
    sys.exit("Ringwall's lab needs network namespaces of its own, and this kernel or container does not give "
             "them to this user: run it as root, or allow unprivileged user namespaces.")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


class Network:
    """One switch; every host has an address on it and reaches the networks of `reaches`."""

    def __init__(self) -> None:
        self._hosts: list[str] = []
        _ip("link", "add", "switch", "type", "bridge")
        _ip("link", "set", "switch", "up")

    def add(self, name: str, addresses: list[str], reaches: list[str] | None = None) -> None:
        """A host with addresses such as "192.0.2.1/24"; `reaches` are further networks on the switch."""
        _ip("netns", "add", name)
        self._hosts.append(name)
        _ip("link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", f"to-{name}", "master", "switch", "up")
        _ip("-n", name, "link", "set", "lo", "up")
        for address in addresses:
            self.give(name, address)
        _ip("-n", name, "link", "set", "eth0", "up")
        for network in reaches or []:
            _ip("-n", name, "route", "add", network, "dev", "eth0")

    def give(self, host: str, address: str) -> None:
        """One more address such as "2001:db8::1/64"."""
        at_once = ["nodad"] if ":" in address else []  # nobody else has it
        _ip("-n", host, "address", "add", address, "dev", "eth0", *at_once)

    def start(self, host: str, command: list[str], **options) -> subprocess.Popen:
        return subprocess.Popen(["nsenter", f"--net=/run/netns/{host}", *command],
                                **{"stdin": subprocess.DEVNULL, **options})

    def run(self, host: str, command: list[str], **options) -> subprocess.CompletedProcess:
        return subprocess.run(["nsenter", f"--net=/run/netns/{host}", *command], check=False,
                              **{"capture_output": True, "text": True, **options})

    def socket(self, host: str, kind: socket.SocketKind, family: socket.AddressFamily = socket.AF_INET,
               protocol: int = 0) -> socket.socket:
        """A socket that lives on that host: a thread goes there to open it (Python 3.11 has no setns)."""
        made: list = []

        def open_there() -> None:
            with open(f"/run/netns/{host}", "rb") as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _CLONE_NEWNET) != 0:
                    made.append(OSError(ctypes.get_errno(), f"setns to {host}"))
                    return
            made.append(socket.socket(family, kind, protocol))

        thread = threading.Thread(target=open_there)
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0]

    def close(self) -> None:
        for name in self._hosts:
            _ip("netns", "delete", name)
            with contextlib.suppress(subprocess.CalledProcessError):
                subprocess.run(["ip", "link", "delete", f"to-{name}"], check=True, stderr=subprocess.DEVNULL)
        _ip("link", "delete", "switch")
        self._hosts = []


def set_names(names: dict[str, str], folder: pathlib.Path, server: str = "127.0.0.1") -> None:
    """Names for programs that look into /etc/hosts (baresip does not), and one name server."""
    hosts, resolver = folder / "hosts", folder / "resolv.conf"
    hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in names.items()))
    resolver.write_text(f"nameserver {server}\n")  # on 127.0.0.1 nobody listens: refused at once
    for file, place in ((hosts, "/etc/hosts"), (resolver, "/etc/resolv.conf")):
        subprocess.run(["mount", "--bind", str(file), place], check=True)


def forget_names() -> None:
    for place in ("/etc/hosts", "/etc/resolv.conf"):
        subprocess.run(["umount", place], check=True)
