import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { python } from "../bench.ts";

// Streams over a socket, in frames of odd lengths, read as blocks: together they are what is read of the whole.
const script = `
import socket, sys, threading
sys.path.insert(0, ${JSON.stringify(join(import.meta.dirname, "../../../runtimes/python"))})
import numpy as np
import pandas as pd
import pyarrow as pa
from worker import arrow_blocks
from worker.failures import BadRows
from worker.blocks import apply_blocks
from worker.frames import END, SEGMENT, TABLE, Wire
from worker.segments import unite
from worker.tables_in import Input, read_table, signature_of

ASKED = {"format": "arrow", "fields": None, "types": None, "untyped": "guess", "dropMultivalue": True}

def stream(*tables):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, tables[0].schema) as out:
        for table in tables:
            out.write_table(table)
    return sink.getvalue().to_pybytes()

def applied(segments, compute, asked=ASKED, output="arrow", original=None, length=1000, answered=threading.Event()):
    """The answer's bytes, how many rows each block had, and the notes."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender, answer, sizes = Wire(theirs), [], []
        def feed():
            for number, segment in enumerate(segments):
                if number > 0:
                    sender.send(SEGMENT, b"")
                for at in range(0, len(segment), length):
                    sender.send(TABLE, segment[at : at + length])
            sender.send(END, b"")
        def take():
            while True:
                kind, payload = sender.frame()
                if kind == END:
                    return
                answer.append(payload)
                answered.set()
        threads = [threading.Thread(target=each) for each in (feed, take)]
        for each in threads:
            each.start()
        wire = Wire(ours)
        source = Input(wire)
        blocks = arrow_blocks.ArrowBlocks(source, asked, original)
        def counted(df):
            sizes.append(len(df))
            return compute(df)
        try:
            rows = apply_blocks(wire, blocks, counted, output)
        finally:
            source.drain()
            wire.send(END, b"")
            for each in threads:
                each.join()
    assert rows == sum(sizes)
    return b"".join(answer), sizes, blocks.told()

def opened(data):
    with pa.ipc.open_stream(data) as made:
        return made.read_all()

def same(data, wanted):
    pd.testing.assert_frame_equal(opened(data).to_pandas(), wanted, check_exact=True)

identity = lambda df: df
many = pa.table({"a": np.arange(200_000) / 7, "b": np.arange(200_000) / 3})
mixed = pa.table({"n": pa.array([1, None, 3]), "t": ["x", None, "z"], "w": pa.array([1, 2, 3], pa.int8()), "d": pa.array([0, 1, None], pa.timestamp("ns")), "__mv_t": ["", "", ""]})

# One long batch is cut; short ones stay as they come; few rows are one block without threads.
data, sizes, _ = applied([stream(many)], identity, length=100_000)
assert sizes == [65536, 65536, 65536, 3392], sizes
same(data, many.to_pandas())
data, sizes, _ = applied([stream(*(many.slice(at, 50_000) for at in range(0, 200_000, 50_000)))], identity, length=7777)
assert sizes == [50_000] * 4
same(data, many.to_pandas())
for table in (mixed, many.slice(0, 5), mixed.slice(0, 0), pa.Table.from_pandas(pd.DataFrame({"a": [1.5, 2.5]}, index=[5, 6]))):
    data, sizes, _ = applied([stream(table)], identity)
    assert len(sizes) == 1
    same(data, read_table(ASKED, stream(table)).frame.reset_index(drop=True))
# No rows at all in a stream that comes in several writes are one empty block.
assert applied([stream(many.slice(0, 0)), b""], identity)[1] == [0]

# A call's frame is its own.
def spoil(df):
    df.iloc[:, 0] = 0.0
    return df
data, _, _ = applied([stream(many)], spoil, length=100_000)
assert opened(data).column("a").to_pylist() == [0.0] * 200_000 and opened(data).column("b").equals(many.column("b"))

# Whole numbers and truths with gaps stay what they became, and a note says so.
gaps = pa.table({"n": pa.array([1, 2, None, 4, 5, 6]), "b": [True, False, None, True, False, True], "w": [1, 2, 3, 4, 5, 6]})
kinds = []
def noted(df):
    kinds.append([str(kind) for kind in df.dtypes])
    return df
_, _, told = applied([stream(*(gaps.slice(at, 2) for at in (0, 2, 4))), b""], noted)
assert kinds == [["int64", "bool", "int64"], *[["float64", "object", "int64"]] * 2], kinds
assert told == [f"Column {name} has 1 empty values, so it came as {kind}." for name, kind in (("n", "float64"), ("b", "object"))], told

# A block's answer goes at once, though all rows have come.
first = threading.Event()
def waits(df):
    if df["a"].iloc[0] > 0:
        assert first.wait(60)
    return df
applied([stream(*(many.slice(at, 10) for at in range(0, 100, 10))), b""], waits, output="csv", answered=first)

# Of a great frame that was taken nothing is kept.
ours, theirs = socket.socketpair()
with ours, theirs:
    sending = threading.Thread(target=lambda: [Wire(theirs).send(TABLE, bytes(1 << 22)), Wire(theirs).send(END, b"")])
    sending.start()
    taking = Wire(ours)
    assert len(taking.frame()[1]) == 1 << 22 and taking._great is None
    assert taking.frame() == (END, b"")
    sending.join()

# Fields, and a missing one.
data, _, _ = applied([stream(mixed)], identity, {**ASKED, "fields": ["w", "n"]})
assert opened(data).column_names == ["w", "n"]
try:
    applied([stream(mixed)], identity, {**ASKED, "fields": ["nn"]})
except Exception as error:
    assert "The nearest is n." in str(error), error
else:
    raise AssertionError("a missing field was taken")

# Segments: the same columns, others, and types that do not go together.
parts = [stream(many.slice(0, 100_000)), b"", stream(many.slice(100_000))]
data, sizes, told = applied(parts, identity, length=50_000)
same(data, many.to_pandas())
assert told == []
first, second = pa.table({"a": np.arange(9000) / 3}), pa.table({"b": np.arange(9000), "a": np.arange(9000) / 7})
data, _, told = applied([stream(first), stream(second)], lambda df: df[["a"]])
same(data, read_table(ASKED, unite([stream(first), stream(second)], "arrow")).frame[["a"]])
assert len(told) == 1 and "different columns" in told[0]
try:
    applied([stream(first), stream(pa.table({"a": ["x"]}))], identity)
except Exception as error:
    assert "do not go together" in str(error), error
else:
    raise AssertionError("types that do not go together were taken")

# Known types: in each segment, whatever its own are; where rows come back they are as they came.
typed = {**ASKED, "types": {"n": "int64", "t": "object", "x": "float64"}, "fitted": True}
lots = 20_000
parts = [
    pa.table({"n": pa.array([1.0] * lots), "t": [7] * lots, "x": ["1.5"] * lots, "u": pa.array([1] * lots, pa.int8())}),
    pa.table({"u": pa.array([None] * lots, pa.int8()), "n": pa.array([2.5] + [2.0] * (lots - 1)), "t": [None] + [8] * (lots - 1), "x": ["NA"] * lots}),
    pa.table({"n": pa.array([3.0] * lots), "t": [9] * lots, "x": ["2"] * lots}),
]
kinds.clear()
data, _, told = applied([stream(each) for each in parts], noted, typed)
assert kinds == [["int64", "object", "float64", "int8"], *[["float64", "object", "float64", "float64"]] * 2], kinds
assert opened(data).column("t").to_pylist()[:: lots // 2] == ["7", "7", None, "8", "9", "9"]
assert told == [
    "Column n, fitted on whole numbers, has 1 decimal numbers, so it came as float64.",
    f"Column u has {2 * lots} empty values, so it came as float64.",
], told
united = read_table(typed, unite([stream(each) for each in parts], "arrow"))
assert united.notes == told and [str(kind) for kind in united.frame.dtypes] == kinds[-1]
data, _, _ = applied([stream(parts[0])], lambda df: df[["t"]].set_axis(["r"], axis=1), typed, original="arrow")
assert opened(data).drop_columns(["r"]).equals(parts[0]) and opened(data).column("r").to_pylist() == ["7"] * lots
broken = pa.table({"x": ["1"] * 50_000 + ["x"] + ["1"] * 50_000, "t": [True] * 100_001})
for fields, said in ((["x"], "Row 50001, column x: 'x' is no float64."), (["t"], None)):
    try:
        applied([stream(*(broken.slice(at, 3000) for at in range(0, 100_001, 3000)))], identity, {**typed, "fields": fields})
        assert said is None
    except Exception as error:
        assert str(error).endswith(str(said)), error

# What a fit by Arrow leaves: the contract's types, and nothing of a column that only Arrow brings.
left = pa.table({
    "small": pa.array([1, 2], pa.int8()), "unsigned": pa.array([1, 2], pa.uint16()), "single": pa.array([1.5, 2], pa.float32()),
    "second": pa.array([0, 1], pa.timestamp("s")), "text": ["x", None], "truth": [True, None],
    "zoned": pa.array([0, 1], pa.timestamp("ns", "UTC")), "date": pa.array([0, 1], pa.date32()), "category": pa.array(["x", "y"]).dictionary_encode(),
})
fitted = read_table(ASKED, stream(left))
assert {each["name"]: each["type"] for each in signature_of(fitted.frame)} == {
    "small": "int64", "unsigned": "uint64", "single": "float64", "second": "datetime64[ns]", "text": "object", "truth": "bool",
}
for value in (fitted.frame["text"][1], fitted.frame["truth"][1]):
    assert type(value) is float and np.isnan(value), value

# A dataset's record names all of its columns.
told = [each["name"] for each in signature_of(fitted.frame, all_kinds=True)]
assert told == [name for name in fitted.frame if not fitted.frame[name].isna().all()], told

# Rows that come back, as Arrow and as text.
result = lambda df: pd.DataFrame({"sum": df["a"] + df["b"]})
data, _, _ = applied([stream(many)], result, original="arrow", length=100_000)
assert opened(data).column_names == ["a", "b", "sum"] and opened(data).column("b").equals(many.column("b"))
data, _, _ = applied([stream(many.slice(0, 2))], result, original="csv", output="csv")
assert data == b"a,b,sum\\n0.0,0.0,0.0\\n0.14285714285714285,0.3333333333333333,0.47619047619047616\\n", data
# A stream that is cut short.
try:
    applied([stream(many)[:-1_000_000]], identity, length=100_000)
except Exception as error:
    assert not isinstance(error, AssertionError), error
else:
    raise AssertionError("a stream that is cut short was taken for whole")

# Types that depend on the block: the first blocks wait for one that tells more.
def in_turn(*columns):
    left = list(columns)
    return lambda df: pd.DataFrame({"r": pd.Series([left.pop(0)] * len(df), dtype=object).infer_objects()})
def types_of(*values, each=10):
    table = pa.table({"a": np.arange(1000) / 7})
    data, _, _ = applied([stream(*(table.slice(at * each, each) for at in range(len(values))), table.slice(0, 0)), b""], in_turn(*values, None))
    made = opened(data)
    return str(made.schema.field("r").type), made.column("r").to_pylist()[::each]
assert types_of(None, "x", None) == ("string", [None, "x", None])
assert types_of(1, 2.5, 3) == ("double", [1.0, 2.5, 3.0])
assert types_of(None, None) == ("null", [None, None])
assert types_of(None, 1, None, 0.5) == ("double", [None, 1.0, None, 0.5])
assert types_of(0.5, 1, None) == ("double", [0.5, 1.0, None])
def refused(*values):
    try:
        types_of(*values)
    except Exception as error:
        assert "its column r was" in str(error) and "ask for CSV" in str(error), error
        return True
assert refused("x", 1) and refused(1, "x") and refused(0.5, "x")
# Beyond what may wait, columns without a value are text and whole numbers stay such.
from worker import arrow_out
arrow_out.OPEN_BYTES = 15
assert types_of(None, None, "x", None) == ("string", [None, None, "x", None])
assert types_of(1, 2, 3.0, None) == ("int64", [1, 2, 3, None])
assert refused(1, 2, 2.5) and refused(None, None, 1)
print("fine")
`;

it("an Arrow stream goes in blocks, and is the same as in one piece", () => {
  expect(execFileSync(python, ["-W", "ignore", "-c", script], { encoding: "utf8" })).toBe("fine\n");
});
