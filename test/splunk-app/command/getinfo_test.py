"""getinfo: the type from the options alone, and nobody is asked for it."""

from __future__ import annotations

import unittest

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
