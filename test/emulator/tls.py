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
        sign = ("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-out", certificate,
                "-extfile", _path(folder, "extensions"))
        if kind != "expired":
            _openssl(*sign, "-days", "30")
        else:
            # openssl before 3.4 cannot set the dates, but lets a life of minus one day pass; later ones do the reverse.
            try:
                _openssl(*sign, "-days", "-1")
            except subprocess.CalledProcessError:
                _openssl(*sign, "-not_before", "20200101000000Z", "-not_after", "20200102000000Z")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
