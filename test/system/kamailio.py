"""A Kamailio on a host of a test, with what each of them needs; what it does with requests, the test says."""
import subprocess

from system_test import SystemTest

_HEAD = """\
#!KAMAILIO
debug=-1
log_stderror=yes
fork=yes
disable_core_dump=yes
children=1
socket_workers=1
tcp_children=1
listen=udp:@ADDRESS@:5060
listen=tcp:@ADDRESS@:5060
listen=tls:@ADDRESS@:5061
enable_tls=yes
auto_aliases=no
alias="@DOMAIN@"
dns=no
rev_dns=no
dns_try_ipv6=no
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tls.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "nathelper.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "auth.so"
modparam("tls", "config", "@FOLDER@/tls.cfg")
modparam("usrloc", "db_mode", 0)
modparam("registrar", "min_expires", 5)
modparam("registrar", "gruu_enabled", 0)
modparam("registrar|nathelper", "received_avp", "$avp(received)")

"""
_TLS = """\
[server:default]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
private_key = @KEY@
certificate = @CERTIFICATE@
ca_list = @AUTHORITY@
[client:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = @KEY@
certificate = @CERTIFICATE@
ca_list = @AUTHORITY@
"""


class Kamailio:
    """On a host that is there, over UDP and TCP on port 5060 and TLS on 5061; the certificate bears the domain, which
    `routes` may call @DOMAIN@."""

    def __init__(self, test: SystemTest, host: str, address: str, domain: str, routes: str) -> None:
        self._test, self._host = test, host
        self._folder = test.folder / f"kamailio-{host}"
        self._folder.mkdir()
        pki = test.folder / "pki"
        if not (pki / f"{domain}.crt").exists():
            test.authority.issue(domain, [f"URI:sip:{domain}", f"DNS:{domain}"], "serverAuth,clientAuth")
        values = {"FOLDER": self._folder, "ADDRESS": address, "DOMAIN": domain, "KEY": pki / f"{domain}.key",
                  "CERTIFICATE": pki / f"{domain}.crt", "AUTHORITY": pki / "ca.crt"}
        for name, text in (("kamailio.cfg", _HEAD + routes), ("tls.cfg", _TLS)):
            for key, value in values.items():
                text = text.replace(f"@{key}@", str(value))
            (self._folder / name).write_text(text)
        self._process: subprocess.Popen | None = None
        self.start()

    def start(self) -> None:
        self._process = self._test.start(self._host, ["kamailio", "-DD", "-m", "32", "-M", "8", "-Y", str(self._folder),
                                                      "-f", str(self._folder / "kamailio.cfg")], start_new_session=True)
        self._test.wait_listening(self._process, "tcp", 5061)

    def kill(self) -> None:
        """All of it, as a machine that loses its power, but for the kernel's farewell to its connections."""
        for child in subprocess.run(["pgrep", "-P", str(self._process.pid)], capture_output=True, text=True,
                                    check=False).stdout.split():
            subprocess.run(["kill", "-9", child], check=False, stderr=subprocess.DEVNULL)
        self._process.kill()
        self._process.wait()
