"""Whose certificate the command believes. Needs `openssl` to make some."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import tempfile
import unittest

from played_bridge import PlayedBridge, begin_frames, done, frame, read_body, send_piece
from story import Story

FIT = ("algorithm=iris", "method=fit")
ROWS = b"a\n1\n"


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Tls(Story):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.mkdtemp(prefix="tls-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.make_authority("ours")
        cls.make_authority("theirs")

    @classmethod
    def at(cls, name: str) -> str:
        return os.path.join(cls.folder, name)

    @classmethod
    def openssl(cls, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, cwd=cls.folder, capture_output=True)

    @classmethod
    def make_authority(cls, name: str) -> None:
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key")
        usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        cls.openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=" + name, "-out", name + ".pem", *usage)

    def certificate(self, authority: str, names: str) -> ssl.SSLContext:
        """:param names: such as `IP:127.0.0.1`; empty: none, as Splunk's own"""
        with open(self.at("ext"), "w") as file:
            file.write("basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
            file.write("subjectAltName=%s\n" % names if names else "")
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "leaf.key")
        self.openssl("req", *key, "-subj", "/CN=SplunkServerDefaultCert", "-out", "leaf.csr")
        signed = ("-CA", authority + ".pem", "-CAkey", authority + ".key", "-CAcreateserial", "-extfile", "ext", "-days", "2")
        self.openssl("x509", "-req", "-in", "leaf.csr", *signed, "-out", "leaf.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.at("leaf.pem"), self.at("leaf.key"))
        return context

    def secure_bridge(self, context: ssl.SSLContext, rows: str = "parts") -> PlayedBridge:
        bridge = PlayedBridge(tls=context, rows=rows)
        self.addCleanup(bridge.close)
        self.bridge.grant = {"address": bridge.address, "ca": self.at("ours.pem")}
        return bridge

    def refused(self, *words: str, **more) -> None:
        search = self.begun(*FIT, **more)
        self.assert_failed(search, search.execute(ROWS, True), *words)

    def test_a_certificate_of_our_authority_and_name(self) -> None:
        for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.certificate("ours", "IP:127.0.0.1")
            context.maximum_version = newest
            bridge = self.secure_bridge(context)
            body = b"a\n" + b"0123456789\n" * 600_000
            search = self.begun("algorithm=iris")
            self.assertTrue(search.execute(body).body == body)
            self.assertEqual(search.drain(ROWS)[-1].body, ROWS)
            self.assert_clean_end(search)
            search = self.begun(*FIT)
            search.execute(body)
            self.assertTrue(b"".join(each.body for each in search.drain()) == body)
            self.assert_clean_end(search)
            self.assertEqual(len(bridge.to("/parts/")), 2)

    def test_another_name(self) -> None:
        self.secure_bridge(self.certificate("ours", "DNS:bridge.example"))
        self.refused("is for another name", "127.0.0.1", "Enter the address with a name that is in the certificate")

    def test_another_authority(self) -> None:
        self.secure_bridge(self.certificate("theirs", "IP:127.0.0.1"))
        self.refused("is not trusted", "Name the file of the authority")

    def test_no_file_of_the_authority(self) -> None:
        self.secure_bridge(self.certificate("ours", "IP:127.0.0.1"))
        self.bridge.grant["ca"] = self.at("none.pem")
        self.refused("none.pem cannot be read: No such file or directory")

    def test_https_where_plain_http_is_spoken(self) -> None:
        self.bridge.grant = {"address": self.bridge.address.replace("http", "https"), "ca": self.at("ours.pem")}
        self.refused("No secure connection", "plain HTTP")

    def test_splunkd_s_own_certificate_on_loopback(self) -> None:
        splunkd = PlayedBridge(tls=self.certificate("theirs", ""))
        self.addCleanup(splunkd.close)
        splunkd.grant = {"address": self.bridge.address}
        search = self.begun("algorithm=iris", uri=splunkd.address)
        self.assertEqual(search.execute(ROWS).body, ROWS)

    def test_an_answer_that_comes_while_the_rows_go_up(self) -> None:
        def eager(handler) -> None:
            begin_frames(handler)
            for _ in range(10):
                send_piece(handler, frame("T", b"a\n" + b"y" * 1_000_000 + b"\n"))
            read_body(handler)
            send_piece(handler, done(1))
            handler.wfile.write(b"0\r\n\r\n")

        self.secure_bridge(self.certificate("ours", "IP:127.0.0.1")).on("/v1/compute", eager)
        search = self.begun(*FIT)
        search.execute(b"a\n" + b"0123456789\n" * 1_000_000)
        self.assertEqual(sum(each.body.count(b"y\n") for each in search.drain()), 10)
        self.assert_clean_end(search)


if __name__ == "__main__":
    unittest.main()
