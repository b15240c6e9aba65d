import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { python } from "../bench.ts";

// What calls with one header share is nothing that a notebook's code can change.
const script = `
import sys
sys.path.insert(0, ${JSON.stringify(join(import.meta.dirname, "../../../runtimes/python"))})
import numpy as np
import pandas as pd
from worker import columns, pandas_inside
from worker.tables_in import read_table
from worker.tables_out import to_csv

assert pandas_inside.IS_KNOWN
rows = b"a,b,t\\n1.5,2,x\\n2.5,,y\\n"
wanted = pd.DataFrame({"a": [1.5, 2.5], "b": [2.0, np.nan], "t": ["x", "y"]})

def spoil_columns(df):
    df.columns.values[0] = "spoiled"
    df.columns.name = "named"

def spoil_values(df):
    df.iloc[:, 0] = 7.0
    df.to_numpy(copy=False)
    df["a"].to_numpy()[:] = 8.0
    df["t"].to_numpy()[:] = "z"
    df._mgr.blocks[0].values[:] = 9.0

def spoil_shape(df):
    df.insert(0, "new", 1)
    df.drop(columns=["a"], inplace=True)
    df.rename(columns={"b": "c"}, inplace=True)
    df.index.name = "i"
    df.set_index("t", inplace=True)
    df.attrs["x"] = 1

for types in (None, {"a": "float64", "b": "float64", "t": "object"}, {"a": "float64"}):
    asked = {"format": "csv", "fields": None, "types": types, "untyped": "guess", "dropMultivalue": False}
    for spoil in (spoil_columns, spoil_values, spoil_shape, lambda df: None):
        table = read_table(asked, rows)
        assert table.is_quick
        pd.testing.assert_frame_equal(table.frame, wanted, check_column_type="exact")
        assert table.frame.columns.name is None and table.frame.index.name is None and not table.frame.attrs
        assert type(table.frame.index) is pd.RangeIndex and table.frame._is_copy is None
        assert all(table.frame[name].to_numpy().flags.writeable for name in table.frame)
        spoil(table.frame)
    two = [read_table(asked, rows).frame for _ in range(2)]
    assert not any(np.shares_memory(two[0][name].to_numpy(), two[1][name].to_numpy()) for name in wanted)
    assert not np.shares_memory(two[0].columns.values, two[1].columns.values)

# The header that was written before is not another's.
frame = pd.DataFrame([[1, 2]], columns=["a", "b"])
assert to_csv(frame) == b"a,b\\n1,2\\n"
frame.columns = ["a", 'q"']
assert to_csv(frame) == b'a,"q"""\\n1,2\\n'
frame.columns = [1, True]
assert to_csv(frame) == frame.to_csv(index=False).encode()

# Other types, fields and choices of one header are other plans; and however many headers come, few are kept.
asked = {"format": "csv", "fields": ["t", "a"], "types": {"a": "object"}, "untyped": "text", "dropMultivalue": False}
assert list(read_table(asked, rows).frame.columns) == ["t", "a"] and read_table(asked, rows).frame["a"].tolist() == ["1.5", "2.5"]
for number in range(500):
    read_table({**asked, "fields": None, "types": None}, f"c{number},b\\n1,2\\n".encode())
assert len(columns._plans) == columns.KEPT
print("fine")
`;

it("a call's frame is its own: no change to it, or to its columns, shows in the next call", () => {
  expect(execFileSync(python, ["-W", "ignore", "-c", script], { encoding: "utf8" })).toBe("fine\n");
});
