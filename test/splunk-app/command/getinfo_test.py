"""getinfo: the type from the options alone, and nobody is asked for it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import unittest

from played_search import COMMAND
from story import Story


class Getinfo(Story):
    def test_the_type_depends_on_the_options_alone(self) -> None:
        for options, kind in [
            (("algorithm=iris",), "stateful"),
            (("algorithm=iris", "method=apply"), "stateful"),
            (("algorithm=iris", "method=fit"), "events"),
            (("algorithm=iris", "method=summary"), "events"),
            (("algorithm=iris", "method=explain"), "events"),
            (("mode=stage",), "events"),
            (("algorithm=iris", "type=events"), "events"),
            (("algorithm=iris", "method=fit", "type=stateful"), "stateful"),
            (("algorithm=iris", "type=reporting"), "reporting"),
            (("algorithm=iris", "type=streaming"), "stateful"),
            (("algorithm=iris", "type=eventing"), "events"),
        ]:
            with self.subTest(options):
                search = self.search(*options)
                info = search.getinfo()
                self.assertEqual(info.metadata["type"], kind)
                self.assertNotIn("required_fields", info.metadata)
                self.assert_clean_end(search)
        self.assertEqual(self.bridge.asked, [])

    def test_parsing_asks_nobody_and_never_fails(self) -> None:
        for sid in ("searchparsetmp_1234", "1767225600_tmp", "tmp"):
            for options, kind in [(("algorithm=iris",), "stateful"), (("method=fit", "algoritm=x"), "events"), (('a="',), "stateful")]:
                with self.subTest(sid=sid, options=options):
                    search = self.search(*options, sid=sid, session_key=None)
                    self.assertEqual(search.getinfo().metadata, {"type": kind})
                    self.assertEqual(search.execute(b"a\n1\n", True).metadata, {"finished": True})
                    self.assert_clean_end(search)
        self.assertEqual(self.bridge.asked, [])

    def test_modules_that_take_long_are_loaded_when_getinfo_is_answered(self) -> None:
        slow = "sorted({'ssl', 'socket', 'csv', 'urllib.parse'} & set(sys.modules))"
        program = "import sys; import compute_bridge.command; print(%s); import compute_bridge.ahead as a; a.load(); print(%s)" % (slow, slow)
        self.assertEqual(self.python(program), "[]\n['csv', 'socket', 'ssl', 'urllib.parse']\n")
        self.assertEqual(self.python("import sys; sys.modules['ssl'] = None; import compute_bridge.ahead as a; a.load(); print('lives')"), "lives\n")

    def test_names_of_machines_are_looked_up_without_the_tables_of_international_names(self) -> None:
        with socket.socket() as unused:  # Bound, and nobody listens.
            unused.bind(("127.0.0.1", 0))
            program = (
                "import os, sys\nfrom compute_bridge import address, dial, ends, failure, peer\n"
                "def why(text):\n"
                "  try: dial.dial(peer.Peer('It', address.Address(text)), None, ends.Ends(os.open(os.devnull, 0), ''), 5)\n"
                "  except failure.Failure as told: return str(told).split(': ')[1], 'encodings.idna' in sys.modules\n"
                "print(why('http://127.0.0.1:%d'), why('https://b\u00fccher.invalid')[1])"
            )
            self.assertEqual(self.python(program % unused.getsockname()[1]), "('connection refused.', False) True\n")

    def python(self, program: str) -> str:
        # Without what is installed beside it, which may load modules of its own accord.
        return subprocess.run(
            [sys.executable, "-S", "-c", program], cwd=os.path.dirname(COMMAND), check=True, capture_output=True, text=True
        ).stdout

    def test_previews_of_what_happens_once_do_nothing(self) -> None:
        for options in [("algorithm=iris", "method=fit"), ("mode=stage",), ("algorithm=iris", "method=summary"), ("algorithm=iris", "method=mine")]:
            with self.subTest(options):
                search = self.begun(*options, preview=True)
                self.assertEqual(search.execute(b"a\n1\n").metadata, {"finished": False})
                self.assertEqual(search.execute(b"a\n1\n", True).metadata, {"finished": True})
                self.assert_clean_end(search)
        self.assertEqual(self.bridge.asked, [])

    def test_a_preview_of_an_apply_computes(self) -> None:
        search = self.begun("algorithm=iris", preview=True)
        self.assertEqual(search.execute(b"a\n1\n").body, b"a\n1\n")

    def test_options_of_dltk_are_ignored_with_a_debug_line(self) -> None:
        options = ("environment=e", "algorithm=iris", "method=apply", "fields=a", "max_buffer_size=all", "is_preop=1", "prevent_preop=1", "opentracing_user=u")
        search = self.search(*options, "model=m", "trace_level=1", "opentracing_endpoint=x", "opentracing_password=p")
        messages = search.getinfo().messages
        self.assertEqual({level for level, _ in messages}, {"DEBUG"})
        self.assertEqual(len(messages), 8)
        search.execute(b"a\n1\n")
        self.assertEqual(
            self.bridge.to("/v1/runs$")[0].query,
            {"environment": "e", "algorithm": "iris", "method": "apply", "fields": "a", "model_name": "m"},
        )

    def test_a_bad_option_is_an_error_in_the_search_bar(self) -> None:
        for options, words in [
            (("algoritm=x",), ("algoritm=", "Did you mean algorithm=?")),
            (("algorithm=x", "target_variable=c"), ("Did you mean target_variables=?",)),
            (("algo=x",), ("names no algorithm", "algo=")),
            ((), ("names no algorithm", "algorithm=<name")),
            (("algorithm=x", "fields=a", "b"), ('"b" is no option', 'fields="a,b"')),
            (("algorithm=x", "fields=a", "fields=b"), ("given twice", 'fields="a,b"')),
            (("algorithm=x", "type=fast"), ("type=fast is not known", "type=events")),
            (("algorithm=x", "mode=fit"), ("mode=fit is not known", "mode=stage")),
            (("algorithm=x", "append=maybe"), ("append=maybe", "append=true")),
        ]:
            with self.subTest(options):
                search = self.search(*options)
                self.assert_failed(search, search.getinfo(), *words)
        self.assertEqual(self.bridge.asked, [])

    def test_append_of_the_settings_holds_where_the_search_says_nothing(self) -> None:
        self.bridge.grant = {"append": True}
        for options, told in [(("algorithm=x",), "true"), (("algorithm=x", "append=f"), "false")]:
            search = self.begun(*options)
            search.execute(b"a\n1\n")
            self.assertEqual(self.bridge.to("/v1/runs$")[-1].query["append"], told)
        self.begun("algorithm=x", "method=fit").execute(b"a\n1\n", True)
        self.assertNotIn("append", self.bridge.to("/v1/compute")[-1].query)


if __name__ == "__main__":
    unittest.main()
