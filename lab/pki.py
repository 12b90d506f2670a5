"""A throw-away certification authority and its certificates, by openssl."""
import pathlib
import subprocess


def _openssl(*words: str, folder: pathlib.Path) -> None:
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(words)}: {done.stderr}")


class Authority:
    """Writes NAME.crt, NAME.key and NAME.pem (both together) into its folder."""

    def __init__(self, folder: pathlib.Path, name: str = "ca") -> None:
        self.folder, self.name = folder, name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "2", "-subj", f"/CN=Ringwall lab {name}",
                 "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                 folder=folder)

    @property
    def certificate(self) -> pathlib.Path:
        return self.folder / f"{self.name}.crt"

    def issue(self, name: str, names: list[str], usage: str, validity: tuple[str, str] | None = None) -> pathlib.Path:
        """A certificate for subjectAltNames such as "DNS:ringwall.test"; usage is "serverAuth" or
        "clientAuth" or both. `validity` as openssl ca takes it, for one that is over: YYYYMMDDHHMMSSZ."""
        folder = self.folder
        (folder / f"{name}.ext").write_text(
            f"basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage={usage}\n"
            f"subjectAltName={','.join(names)}\n")
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
                 "-out", f"{name}.csr", "-subj", f"/CN={name}", folder=folder)
        if validity is None:
            _openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{self.name}.crt", "-CAkey", f"{self.name}.key",
                     "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.crt", folder=folder)
        else:
            self._begin_ledger()
            _openssl("ca", "-batch", "-notext", "-config", "ca.conf", "-in", f"{name}.csr", "-cert", f"{self.name}.crt",
                     "-keyfile", f"{self.name}.key", "-startdate", validity[0], "-enddate", validity[1],
                     "-extfile", f"{name}.ext", "-out", f"{name}.crt", folder=folder)
        both = folder / f"{name}.pem"
        both.write_text((folder / f"{name}.crt").read_text() + (folder / f"{name}.key").read_text())
        return both

    def revoke(self, *names: str) -> pathlib.Path:
        """The list of what is revoked, in its folder as crl.pem: these, and nothing else."""
        self._begin_ledger()
        for name in names:
            _openssl("ca", "-config", "ca.conf", "-cert", f"{self.name}.crt", "-keyfile", f"{self.name}.key",
                     "-revoke", f"{name}.crt", folder=self.folder)
        _openssl("ca", "-config", "ca.conf", "-cert", f"{self.name}.crt", "-keyfile", f"{self.name}.key", "-gencrl",
                 "-crldays", "2", "-out", "next.pem", folder=self.folder)
        return (self.folder / "next.pem").rename(self.folder / "crl.pem")

    def _begin_ledger(self) -> None:
        (self.folder / "index.txt").write_text("")
        (self.folder / "ca.conf").write_text(
            "[ca]\ndefault_ca=lab\n[lab]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\n"
            "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n")
