"""Certificates for HTTPS, made anew at every start with the openssl program.

ca.pem is what a client has to trust.  kind says what the server shows: good;
other_host (for a name that is not ours); expired; self_signed.
"""

import os
import ssl
import subprocess

KINDS = ("good", "other_host", "expired", "self_signed")


def _openssl(*arguments):
    subprocess.run(("openssl",) + arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _path(folder, name):
    return os.path.join(folder, name)


def _write(path, text):
    with open(path, "w", encoding="ascii") as out:
        out.write(text)


def make(folder, kind):
    """Returns a server's context; leaves ca.pem in folder."""
    key, ca, ca_key = _path(folder, "server.key"), _path(folder, "ca.pem"), _path(folder, "ca.key")
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    # A caller's openssl.cnf must not decide what is in the certificates.
    _write(_path(folder, "openssl.cnf"), "[req]\ndistinguished_name=dn\n[dn]\n")
    config = ("-config", _path(folder, "openssl.cnf"))
    _openssl("req", "-x509", *config, *ec, "-keyout", ca_key, "-out", ca, "-days", "30", "-subj", "/CN=emulator authority",
             "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    certificate = _path(folder, "server.pem")
    names = "DNS:workspace.invalid" if kind == "other_host" else "IP:127.0.0.1,DNS:localhost"
    if kind == "self_signed":
        _openssl("req", "-x509", *config, *ec, "-keyout", key, "-out", certificate, "-days", "30", "-subj", "/CN=127.0.0.1",
                 "-addext", f"subjectAltName={names}")
    else:
        request = _path(folder, "server.csr")
        _openssl("req", *config, *ec, "-keyout", key, "-out", request, "-subj", "/CN=emulator")
        _write(_path(folder, "extensions"), f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n"
               "authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n")
        # openssl before 3.4 cannot set the dates; a life of minus one day has ended.
        days = "-1" if kind == "expired" else "30"
        _openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-out", certificate,
                 "-days", days, "-extfile", _path(folder, "extensions"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
