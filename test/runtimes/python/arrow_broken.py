"""Reads Arrow streams that were changed where their writer would not: `arrow_broken.py MANY SEED`.

Offsets of text, binary and lists become others: what those say within the stream's own bytes is read, or the stream is refused.
Then bytes anywhere: whatever is read was in the stream. Prints `fine`; an AssertionError says which stream and how it was changed.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[3] / "runtimes/python"))
sys.path.insert(0, str(Path(__file__).parent))

from arrow_types import by_blocks  # noqa: E402
from chances import by_chance  # noqa: E402

from worker.append import original_of  # noqa: E402
from worker.arrow_stream import whole_stream  # noqa: E402
from worker.failures import BadRows  # noqa: E402
from worker.segments import unite  # noqa: E402
from worker.tables_in import read_table  # noqa: E402

ASKED = {"format": "arrow", "fields": None, "types": None, "untyped": "guess", "dropMultivalue": True}
WORDS = ["xy", "", "zz", "longer than that", "7", "a|b"]
NAMES = "abcdefgh"


def stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


# How a table is read, by name: all values of its only column.
def whole(data: bytes) -> list[Any]:
    return read_table(ASKED, data).frame.iloc[:, 0].tolist()


def few(data: bytes) -> list[Any]:
    frames, _ = by_blocks(data, ASKED, 1 << 16)
    return frames[0].iloc[:, 0].tolist()


def blocks(data: bytes) -> list[Any]:
    frames, _ = by_blocks(data, ASKED, 1)
    return [value for frame in frames for value in frame.iloc[:, 0]]


def united(data: bytes) -> list[Any]:
    return whole(unite([data, data], "arrow"))[: -(len(WORDS))]


def came_back(data: bytes) -> list[Any]:
    whole(data)  # the rows are read in any case
    table = original_of(data, "arrow", "arrow").table
    assert table is not None
    return table.column(0).to_pylist()


WAYS: list[Callable[[bytes], list[Any]]] = [whole, few, blocks, united, came_back]


def sliced(kind: pa.DataType, offsets: list[int], values: Any) -> list[Any] | None:
    """What the offsets say; None where they lead out of the values, or cut a letter."""
    ends = zip(offsets[:-1], offsets[1:], strict=True)
    if offsets[0] < 0 or offsets[-1] > len(values) or any(begin > end for begin, end in ends):
        return None
    parts = [values[begin:end] for begin, end in zip(offsets[:-1], offsets[1:], strict=True)]
    try:
        return [part.decode() for part in parts] if pa.types.is_string(kind) or pa.types.is_large_string(kind) else parts
    except UnicodeDecodeError:
        return None


def change_offsets(chance: random.Random) -> None:
    texts = [chance.choice([*WORDS, "é中"]) for _ in WORDS]
    kind = chance.choice([pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.list_(pa.int8()), pa.large_list(pa.int8())])
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    bytes_of = [text.encode() for text in texts]
    column = pa.array([[each % 100 for each in text] for text in bytes_of] if is_list else bytes_of if "binary" in str(kind) else texts, kind)
    wide = "large" in str(kind)
    size = np.dtype("int64" if wide else "int32")
    offsets = np.frombuffer(column.buffers()[1], size, len(texts) + 1)
    values: Any = [each % 100 for text in bytes_of for each in text] if is_list else b"".join(bytes_of)
    changed = offsets.tolist()
    far = [-1, -16_000_000, -(2**31), 16_000_000, 2**31 - 1, len(values) + 1, len(values), *([2**40, -(2**62)] if wide else [])]
    for _ in range(chance.choice([1, 1, 2, 7])):
        changed[chance.randrange(len(changed))] = chance.choice([chance.choice(far), chance.randint(0, len(values))])
    data = stream(pa.table({"a": column}))
    assert data.count(offsets.tobytes()) >= 1
    broken = data.replace(offsets.tobytes(), np.array(changed, size).tobytes(), 1)
    wanted = sliced(kind, changed, values)
    for way in WAYS:
        try:
            got = [each if isinstance(each, (str, bytes)) else list(each) for each in way(broken)]
        except BadRows as error:
            assert wanted is None, f"{way.__name__} refused {changed} of {kind}, which is right: {error}"
            assert len(str(error)) < 200, f"{way.__name__} of {changed} told {len(str(error))} characters"
        else:
            assert got == wanted, f"{way.__name__} of {changed} of {kind}: {str(got)[:200]} instead of {wanted}"


def change_places(chance: random.Random) -> None:
    """Places in a dictionary."""
    places = np.array([0, 1, 2, 1, 0, 2], "int32")
    data = stream(pa.table({"a": pa.DictionaryArray.from_arrays(pa.array(places), ["p", "q", "r"])}))
    changed = [chance.choice([0, 1, 2, 3, -1, 10**6, -(10**6)]) if chance.random() < 0.3 else int(each) for each in places]
    assert data.count(places.tobytes()) == 1
    broken = data.replace(places.tobytes(), np.array(changed, "int32").tobytes())
    wanted = ["pqr"[each] for each in changed] if all(0 <= each < 3 for each in changed) else None
    for way in WAYS:
        try:
            got = way(broken)
        except BadRows:
            assert wanted is None, f"{way.__name__} refused places {changed}"
        else:
            assert got == wanted, f"{way.__name__} of places {changed}: {got}"


def change_dictionary(chance: random.Random) -> None:
    """One of the dictionaries that follow each other, or one within another."""
    pairs = [["xy", "zz"], ["pq", "rs"], ["tu", "vw"]]
    inner = [pa.array(pair, pa.string()).dictionary_encode() for pair in pairs]
    is_nested = chance.random() < 0.5
    places = pa.array([0, 1, 0], pa.int32())
    batches = [pa.record_batch([pa.DictionaryArray.from_arrays(places, pa.StructArray.from_arrays([each], ["x"])) if is_nested else each], ["a"]) for each in inner]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema) as out:
        for batch in chance.choices(batches, k=4):
            out.write_batch(batch)
    data = sink.getvalue().to_pybytes()
    offsets = np.array([0, 2, 4], "int32").tobytes()
    which = chance.randrange(data.count(offsets))
    at = -1
    for _ in range(which + 1):
        at = data.index(offsets, at + 1)
    broken = data[:at] + np.array([0, 2, 50_000], "int32").tobytes() + data[at + 12 :]
    # pandas takes no dictionary of structs.
    for way in (whole_stream,) if is_nested else (whole_stream, whole, blocks, came_back):
        try:
            got = way(broken)
        except BadRows:
            continue
        raise AssertionError(f"{way.__name__} took dictionary {which} of {str(got)[:200]}")


def made(chance: random.Random) -> pa.Table:
    """Columns of many types."""
    texts = [chance.choice([*WORDS, None]) for _ in range(5)]
    some = {
        "text": pa.array(texts),
        "bytes": pa.array([text and text.encode() for text in texts], pa.binary()),
        "view": pa.array(texts, pa.string_view()),
        "category": pa.array(texts).dictionary_encode(),
        "lists": pa.array([[text, "e"] for text in texts]),
        "struct": pa.array([{"x": text} for text in texts]),
        "map": pa.array([[("k", text)] for text in texts], pa.map_(pa.string(), pa.string())),
        "number": pa.array([1.5, None, 2.5, 3.0, 4.0]),
        "truth": pa.array([True, None, False, True, True]),
        "fixed": pa.array([b"abc", None, b"def", b"ghi", b"jkl"], pa.binary(3)),
        "runs": pa.RunEndEncodedArray.from_arrays([1, 3, 5], ["x", "y", "z"]),
        "when": pa.array([0, 1, None, 3, 4], pa.timestamp("us")),
    }
    names = chance.sample(sorted(some), chance.randint(1, 3))
    return pa.table({name: some[name] for name in names})


def held(value: Any) -> list[bytes]:
    """All texts and bytes in a value."""
    if isinstance(value, (str, bytes)):
        return [value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value]
    if isinstance(value, dict):
        return [each for pair in value.items() for part in pair for each in held(part)]
    return [each for part in value for each in held(part)] if isinstance(value, (list, tuple, np.ndarray)) else []


def change_bytes(chance: random.Random) -> None:
    data = bytearray(stream(made(chance)))
    changed = []
    for _ in range(chance.choice([1, 1, 2, 4])):
        at = chance.randrange(len(data))
        data[at] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, data[at] ^ (1 << chance.randrange(8))])
        changed.append(at)
    for way in (whole, blocks):
        try:
            frames = [read_table(ASKED, bytes(data)).frame] if way is whole else by_blocks(bytes(data), ASKED, 1)[0]
        except Exception as error:  # a schema that is none is refused in Arrow's words or pandas'
            assert len(str(error)) < 2000, f"{changed} told {len(str(error))} characters"
            continue
        for frame in frames:
            for at in range(frame.shape[1]):
                column = frame.iloc[:, at]
                values = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column
                foreign = [each for value in values for each in held(value) if each not in data]
                assert not foreign, f"{way.__name__}, bytes {changed}: {str(foreign)[:200]}"


if __name__ == "__main__":
    by_chance(change_offsets, change_places, change_dictionary, change_bytes)
