"""Options as Splunk hands them over, and what becomes of them."""

from __future__ import annotations

import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "splunk-app", "bin"))

from compute_bridge.call import Call, type_of  # noqa: E402
from compute_bridge.failure import Failure  # noqa: E402
from compute_bridge.options import read_options  # noqa: E402


def read(*raw: str) -> dict:
    return read_options({"raw_args": list(raw)})


class Options(unittest.TestCase):
    def test_quotes_and_escapes(self) -> None:
        for raw, value in [
            ("k=v", "v"),
            ('k="a b"', "a b"),
            ('k="say \\"hi\\""', 'say "hi"'),
            ('k="say ""hi"""', 'say "hi"'),
            ('k="C:\\\\temp"', "C:\\temp"),
            ('k="a\\|b"', "a|b"),
            ('k="\\d+\\s"', "\\d+\\s"),
            ('k="a=b"', "a=b"),
            ("k=a=b", "a=b"),
            ('k=""', ""),
            ("k=", ""),
            ("k={x}", "{x}"),
            ('"k"=v', "v"),
            ("k=grün", "grün"),
        ]:
            with self.subTest(raw):
                self.assertEqual(read(raw), {"k": value})

    def test_spaces_around_the_sign(self) -> None:
        for words in (["k", "=", "v"], ["k=", "v"], ["k", "=v"]):
            self.assertEqual(read("a=1", *words, "b=2"), {"a": "1", "k": "v", "b": "2"})
        self.assertEqual(read("environment=", "method=fit"), {"environment": "", "method": "fit"})
        self.assertEqual(read("environment=", "method", "=", "fit"), {"environment": "", "method": "fit"})

    def test_words_that_are_no_options(self) -> None:
        for words, told in [
            (["fields=a", "b"], 'fields="a,b"'),
            (["algorithm=My", "Notebook"], 'algorithm="My Notebook"'),
            (["iris"], "Options are key=value"),
            (["1k=v"], "is no name"),
            (['k="v'], "quote is open"),
        ]:
            with self.subTest(words), self.assertRaises(Failure) as raised:
                read(*words)
            self.assertIn(told, raised.exception.sentence)

    def test_without_raw_args(self) -> None:
        self.assertEqual(read_options({"args": ["k=a b", 'q="x"', "p=a\\b"]}), {"k": "a b", "q": "x", "p": "a\\b"})
        self.assertEqual(read_options({}), {})

    def test_any_value_that_is_quoted_as_splunk_does_comes_back(self) -> None:
        draw = random.Random(5)
        signs = 'ab "\\|=,{}$\n\t\u00fc\u2028\U0001f600;'
        for _ in range(3000):
            values = {"k%d" % each: "".join(draw.choices(signs, k=draw.randrange(12))) for each in range(draw.randrange(1, 4))}
            # A backslash before anything but an escape stands for itself, so that each is written as two.
            raw = ['%s="%s"' % (key, text.replace("\\", "\\\\").replace('"', draw.choice(['\\"', '""']))) for key, text in values.items()]
            self.assertEqual(read(*raw), values, raw)

    def test_no_words_raise_anything_but_a_failure(self) -> None:
        draw = random.Random(7)
        for _ in range(5000):
            words = ["".join(draw.choices('ab="\\, ', k=draw.randrange(8))) for _ in range(draw.randrange(5))]
            try:
                read(*words)
            except Failure as failure:
                self.assertNotIn("\n", failure.sentence)


class Calls(unittest.TestCase):
    def test_other_options_go_to_the_functions(self) -> None:
        call = Call({"algorithm": "x", "method": "fit", "n_estimators": "10", "metric": "l2", "depth": "", "model": "m", "append": "T"})
        self.assertEqual(
            call.query,
            {"algorithm": "x", "method": "fit", "n_estimators": "10", "metric": "l2", "depth": "", "model_name": "m", "append": "true"},
        )

    def test_model_name_wins_over_its_old_name(self) -> None:
        for options in ({"model": "old", "model_name": "new"}, {"model_name": "new", "model": "old"}):
            self.assertEqual(Call({"algorithm": "x", **options}).query["model_name"], "new")

    def test_verbs(self) -> None:
        for options, verb in [({}, "apply"), ({"method": "fit"}, "fit"), ({"method": "explain"}, "call"), ({"method": "fit", "mode": "stage"}, "stage")]:
            self.assertEqual(Call({"algorithm": "x", **options}).verb, verb)

    def test_what_is_spelt_almost_right(self) -> None:
        for name, right in [
            ("algoritm", "algorithm"), ("Method", "method"), ("feature_variable", "feature_variables"), ("target_varables", "target_variables"),
            ("modelname", "model_name"), ("enviroment", "environment"), ("field", "fields"), ("max_buffersize", "max_buffer_size"),
        ]:  # fmt: skip
            with self.subTest(name), self.assertRaises(Failure) as raised:
                Call({"algorithm": "x", name: "v"})
            self.assertIn("Did you mean %s=?" % right, raised.exception.sentence)

    def test_the_type_never_is_streaming(self) -> None:
        self.assertEqual(type_of({"type": "streaming"}), "stateful")
        self.assertEqual(type_of({"type": "nonsense", "method": "fit"}), "events")


if __name__ == "__main__":
    unittest.main()
