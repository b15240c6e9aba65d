"""Arrow's rows as frames: by the types that the stream says, or, where a column's type is known, as CSV of the same values is read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .arrow_odd import is_odd, plain, plain_schema, to_frame
from .arrow_stream import as_named, refuse_other_text, renamed
from .columns import chosen_columns, is_multivalue
from .failures import BadRows
from .pandas_inside import Layout, column_arrays, frame_of
from .tables_out import to_csv
from .typed import EXACT, WHOLE, TypedParser, arrow_type, wider
from .whole import is_decimal

if TYPE_CHECKING:
    import pyarrow as pa


class ArrowParser:
    """Makes frames of the tables of one call. A column that came wider than its type (`typed.wider`) stays so in all further ones."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self._asked = asked
        self._types: Mapping[str, str] = asked["types"] or {}
        self._fitted = bool(asked.get("fitted"))
        # What is looked at in a table, by its place there, the schema that it was chosen for, and what that says beside; all that ever was.
        self._columns: dict[int, Column] = {}
        self._schema: pa.Schema | None = None
        self._is_odd = False
        self._said: Mapping[bytes, bytes] | None = None
        self._every: dict[tuple[str, str], Column] = {}
        self._rows = 0
        # The same schema with names as CSV has them, where its own are not such; what is to be said of that.
        self._renamed: pa.Schema | None = None
        self._names: list[str] = []
        self._notes: list[str] = []

    def parse(self, table: pa.Table) -> pd.DataFrame:
        """The columns that the call wants. BadRows when one is missing, or names row (from 1), column and value where a value is not of the known type."""
        import pyarrow as pa

        try:
            return self._parsed(table)
        except pa.ArrowException:
            refuse_other_text(table)
            raise

    def _parsed(self, table: pa.Table) -> pd.DataFrame:
        if self._schema is None or not table.schema.equals(self._schema):
            self._begin(table.schema)
        if self._is_odd:
            table = plain(table)
        if self._renamed is not None:
            table = type(table).from_arrays(table.columns, schema=self._renamed)
        table = self._known(table)
        self._rows += len(table)
        floats = _floats(table)
        frame = self._gaps(to_frame(table) if floats is None else floats, table)
        labels = self._names
        if self._said:
            # What pandas says of its names may make others of them than CSV has: numbers, or one name twice.
            labels = as_named([str(name) for name in frame.columns]).names
            if labels != frame.columns.tolist():
                frame.columns = pd.Index(labels)
        keep = chosen_columns(labels, self._asked)
        return frame if keep == labels else frame[keep]

    def _begin(self, schema: pa.Schema) -> None:
        self._schema = schema
        kinds = schema.types
        self._is_odd = is_odd(kinds)
        if self._is_odd:
            schema = plain_schema(schema)
            kinds = schema.types
        names = schema.names
        self._names, _, notes = as_named(names)
        self._notes += [note for note in notes if note not in self._notes]
        self._renamed = None if self._names == names else renamed(schema, self._names)
        self._columns = self._looked_at(self._names, kinds)
        self._said = self._metadata(self._renamed or schema)

    def _looked_at(self, names: Sequence[str], kinds: Sequence[pa.DataType]) -> dict[int, Column]:
        """Columns whose values may have to change on their way. Floats that stay such are none."""
        import pyarrow as pa

        looked_at: dict[int, Column] = {}
        own = {kind: arrow_type(kind) for kind in {*self._types.values(), "int64", "bool", "object"}}
        fields = None if self._asked["fields"] is None else set(self._asked["fields"])
        for at, (name, come) in enumerate(zip(names, kinds, strict=True)):
            kind = self._types.get(name)
            is_plain = kind in (None, "float64") and come == pa.float64()
            if is_plain or (name not in fields if fields is not None else self._asked["dropMultivalue"] and is_multivalue(name)):
                continue
            kind = kind or ("int64" if pa.types.is_integer(come) else "bool" if pa.types.is_boolean(come) else "object")
            key = (name, kind)
            if key not in self._every:
                self._every[key] = Column(name, kind, self._fitted)
            self._every[key].is_changed = name in self._types and come != own[kind]
            looked_at[at] = self._every[key]
        return looked_at

    def _known(self, table: pa.Table) -> pa.Table:
        """The table with known types where types are known, as far as they fit."""
        columns = {at: column.made(table.column(at), self._rows) for at, column in self._columns.items() if column.is_changed}
        if self._said == table.schema.metadata and all(each.type == table.field(at).type for at, each in columns.items()):
            return table
        made = [columns.get(at, each) for at, each in enumerate(table.columns)]
        return type(table).from_arrays(made, names=table.column_names).replace_schema_metadata(self._said)

    def _metadata(self, schema: pa.Schema) -> Mapping[bytes, bytes] | None:
        """What the stream says beside its schema, without types of pandas' own for columns whose type is known."""
        said = schema.pandas_metadata
        if not said:
            return schema.metadata  # type: ignore[no-any-return]
        columns = [{**each, "numpy_type": "object"} if each.get("field_name") in self._types else each for each in said["columns"]]
        return schema.metadata if columns == said["columns"] else {**schema.metadata, b"pandas": json.dumps({**said, "columns": columns}).encode()}

    def _gaps(self, frame: pd.DataFrame, table: pa.Table) -> pd.DataFrame:
        """The frame with missing values as CSV has them. pandas' own index is no column of it."""
        labels = [str(name) for name in frame.columns]
        is_alike = labels == table.column_names
        places = {} if is_alike else {name: at for at, name in reversed(list(enumerate(labels)))}
        arrays = column_arrays(frame) if self._columns else []
        for at, column in self._columns.items():
            place = at if is_alike else places.get(column.name)
            if place is not None and (values := column.filled(arrays[place], table.column(at))) is not None:
                frame.isetitem(place, values)
        return frame

    def notes(self) -> list[str]:
        """Which names are not those that came, and what came wider than its type, for the receipt."""
        return self._notes + [note for column in self._every.values() for note in column.notes()]


class Column:
    """One column on its way, of a known type or of that which Arrow's own is closest to."""

    def __init__(self, name: str, kind: str, fitted: bool) -> None:
        self.name = name
        # Whether it comes as another type of Arrow's than the known one.
        self.is_changed = False
        self._kind = kind
        self._fitted = fitted
        self._wide = wider(kind) if kind in (*WHOLE, "bool") else None
        self._is_wide = False
        # Whether what is missing in the table at hand has been counted.
        self._is_counted = False
        self._own_parser: TypedParser | None = None

    @property
    def _parser(self) -> TypedParser:
        """Counts what the receipt tells, and reads what must be read as text."""
        self._own_parser = self._own_parser or TypedParser([self.name], {self.name: self._kind}, [self.name], self._fitted)
        return self._own_parser

    def notes(self) -> list[str]:
        """What the receipt should say."""
        return self._own_parser.notes() if self._own_parser is not None else []

    def made(self, column: pa.ChunkedArray, rows: int) -> pa.ChunkedArray:
        """The column with its known type, or the wider one that CSV of its values comes to have. BadRows; `rows` came before."""
        import pyarrow as pa

        wanted = arrow_type(self._kind)
        if pa.types.is_dictionary(column.type):
            column = _without_dictionary(column)
        come = column.type
        if come == wanted or (self._kind == "object" and (pa.types.is_nested(come) or _is_bytes(come))):
            return column
        if _is_within(come, self._kind):
            try:
                # Of a whole number that is no float the nearest is taken, as of its text.
                return column.cast(wanted, safe=self._kind != "float64")
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # a value that the type cannot hold
                pass
        self._is_counted = True
        if self._fitted and self._kind in WHOLE and pa.types.is_floating(come):
            return self._whole(column.cast(pa.float64()), rows)
        return self._read(column, rows)

    def _count(self, empties: int) -> None:
        if empties > 0:
            self._parser.empties[self.name] = self._parser.empties.get(self.name, 0) + empties

    def _whole(self, column: pa.ChunkedArray, rows: int) -> pa.ChunkedArray:
        """Floats where a fit saw whole numbers: these again, if all are such."""
        values = column.to_numpy()
        empties, decimals = int(np.isnan(values).sum()), int(is_decimal(values, self._kind).sum())
        self._count(empties)
        if decimals > 0:
            self._parser.decimals[self.name] = self._parser.decimals.get(self.name, 0) + decimals
        if self._is_wide or empties > 0 or decimals > 0:
            return column
        if (np.abs(values) >= EXACT).any():  # they have more digits than their text
            return self._read(column, rows)
        return column.cast(arrow_type(self._kind))

    def _read(self, column: pa.ChunkedArray, rows: int) -> pa.ChunkedArray:
        """What is read of the values' text."""
        import pyarrow as pa

        self._parser.rows = rows
        text = written(pa.table([column], names=["values"]))
        values = self._parser.parse(memoryview(text)[text.index(b"\n") + 1 :])[self.name].to_numpy()
        kind = pa.float64() if values.dtype == np.float64 else arrow_type(self._kind)
        return pa.chunked_array([pa.array(values, kind, from_pandas=True)])

    def filled(self, values: Any, column: pa.ChunkedArray) -> Any:
        """What takes the place of the values that pandas made of Arrow's `column`, NaN for each that is missing; None where they need no other place."""
        is_counted, self._is_counted = self._is_counted, False
        missing, kind, other = column.null_count, values.dtype, None
        if missing > 0 and kind == object:
            if not values.flags.writeable:
                values = other = values.copy()
            values[column.is_null().to_numpy()] = np.nan
        if self._wide is None or not isinstance(kind, np.dtype):
            return other
        if kind == self._wide and len(values) > 0:
            self._is_wide = True
            if not is_counted:
                self._count(missing)
        elif self._is_wide:
            return values.astype(self._wide)
        return other


def _without_dictionary(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values of a dictionary, one for each row."""
    import pyarrow as pa

    kind = column.type.value_type
    views = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    if kind not in views:
        return column.cast(kind)
    # Arrow has no cast of these, but of a dictionary itself.
    return pa.chunked_array([chunk.dictionary.cast(views[kind]).take(chunk.indices) for chunk in column.chunks], views[kind])


def _is_bytes(come: pa.DataType) -> bool:
    import pyarrow as pa

    return any(test(come) for test in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view))


def _is_within(come: pa.DataType, kind: str) -> bool:
    """Whether Arrow makes of values of a type what is read of their text, if it can."""
    import pyarrow as pa

    types = pa.types
    if types.is_null(come):
        return True
    if kind == "object":
        return types.is_integer(come) or types.is_string(come) or types.is_large_string(come) or types.is_string_view(come)
    if kind == "datetime64[ns]":
        return types.is_date(come) or (types.is_timestamp(come) and come.tz is None)
    return types.is_integer(come) and kind != "bool" or types.is_floating(come) and kind == "float64"


def written(table: pa.Table) -> bytes:
    """Rows of Arrow as CSV, each value written the same whatever lies beside it."""
    frame = to_frame(plain(table), types_mapper=_nullable().get, ignore_metadata=True)
    for at, kind in enumerate(frame.dtypes):
        if kind.kind == "M":  # pandas would leave out times, and parts of seconds, that no value has
            _refuse_far(frame.iloc[:, at])
            frame.isetitem(at, [None if each is pd.NaT else str(each) for each in frame.iloc[:, at]])
    return to_csv(frame)


def _refuse_far(times: pd.Series) -> None:
    """BadRows for times with a zone outside of the years 1 to 9999: to write one, pandas ends the process."""
    if isinstance(times.dtype, np.dtype) or times.dtype.unit == "ns":
        return
    stamps = times.array.asi8.view(f"M8[{times.dtype.unit}]")
    if ((stamps < np.datetime64("0001-01-02")) | (stamps >= np.datetime64("9999-12-31"))).any():
        raise BadRows("A column of the Arrow stream has times with a zone outside of the years 1 to 9999, which cannot be read. Send them without a zone, or as text.")


def _nullable() -> dict[Any, Any]:
    """Types of pandas that keep whole numbers and booleans what they are where values are missing."""
    import pyarrow as pa

    whole = {f"{sign}int{bits}": f"{sign.upper()}Int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
    return {pa.bool_(): pd.BooleanDtype(), **{getattr(pa, kind)(): pd.api.types.pandas_dtype(made) for kind, made in whole.items()}}


def _floats(table: pa.Table) -> pd.DataFrame | None:
    """A table of floats as a frame, in an eighth of pyarrow's time; None for others, and for what says how pandas had it."""
    import pyarrow as pa

    names = table.column_names
    if not names or b"pandas" in (table.schema.metadata or {}):
        return None
    if any(column.type != pa.float64() for column in table.columns):
        return None
    values = np.empty((len(names), len(table)))
    for row, column in zip(values, table.columns, strict=True):
        at = 0
        for chunk in column.chunks:
            row[at : at + len(chunk)] = chunk.to_numpy(zero_copy_only=False)
            at += len(chunk)
    return frame_of(Layout(names, ["float64"] * len(names)), [values], len(table))
