"""What bench_load does to a server: its command lines."""
import json
import pathlib
import subprocess

from servers import CORES, USERS, Server, pinned


def words(options: dict[str, object]) -> list[str]:
    """As a command line; an option that is True is a flag."""
    out = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        out += [option] if value is True else [option, str(value)]
    return out


def registering(transport: str, digest: str, port: str, **more: object):
    def make(server: Server) -> dict[str, object]:
        ours = server.name == "ringwall"
        # Ringwall registers nobody without a digest: what is measured there is a nonce used again.
        kind = "reuse" if ours and digest == "none" else digest
        return {"scenario": "register", "transport": transport, "server": server.at(port), "digest": kind,
                "domain": "bench.test" if ours or digest == "none" else "auth.test", "users": 2000,
                "connections": 100 if transport != "udp" else 64, "window": 32, "warm_up": 3000, "count": 60_000,
                **more}
    return make


def calling(kind: str, **more: object):
    def make(server: Server) -> dict[str, object]:
        caller, callee = kind.split("-")
        out = {"scenario": "call", "transport": caller, "callee_transport": callee, "connections": 64, "window": 32,
               "users": 64, "warm_up": 1000, "count": 15_000, **more}
        if server.name == "kamailio":
            ports = {"udp": "PHONES", "tls": "TLS_PHONES"}
            return {**out, "server": server.at(ports[caller]), "callee_server": server.at(ports[callee])}
        if kind == "udp-udp":
            return {**out, "server": server.at("TRUNK_IN"), "callee_listen": server.ports["CALLEE"],
                    "callee_domain": "callee.test", "domain": "caller.test"}  # a stranger is none of our users
        out |= {"server": server.at("TLS_PHONES"), "digest": "reuse"}
        if kind == "tls-udp":
            return {**out, "callee_listen": server.ports["CALLEE"], "callee_domain": "switch.test"}
        return out
    return make


def calling_direct(**more: object):
    """The generator alone, its caller to its callee: what every latency contains."""
    def make(server: Server) -> dict[str, object]:
        return calling("udp-udp", **more)(server) | {"server": server.at("CALLEE")}
    return make


def shaking(**more: object):
    def make(server: Server) -> dict[str, object]:
        return {"scenario": "handshake", "server": server.at("TLS_PHONES"), "window": 8, "count": 3000, **more}
    return make


def idling(port: str, **more: object):
    def make(server: Server) -> dict[str, object]:
        if server.name == "kamailio":
            return {"scenario": "idle", "server": server.at("TLS_PHONES"), "transport": "tls", "users": USERS}
        return {"scenario": "idle", "server": server.at(port), "transport": "tls", "digest": "each", "users": USERS,
                **more}
    return make


def measure(load: pathlib.Path, folder: pathlib.Path, server: Server, options: dict[str, object]) -> dict:
    """What bench_load (`load`) prints, run on the second core; `folder` is the servers'."""
    pki = folder / "pki"
    options = {"trust_anchors": pki / "ca.crt", "server_pid": server.process.pid, **options}
    options = {name: str(pki / value[1:]) if str(value).startswith("@") else value for name, value in options.items()}
    done = subprocess.run([str(load), *words(options)], capture_output=True, text=True, check=False, timeout=300,
                          preexec_fn=pinned(CORES[1:]))
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {"error": done.stderr.strip() or f"status {done.returncode}"}
