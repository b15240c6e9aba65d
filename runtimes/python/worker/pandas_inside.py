"""Frames from blocks of values and back, several times faster than pandas' public ways.

The one place that knows how pandas is made inside. What it does is compared with the public way once, when it is imported;
where they differ, as a version of pandas that nobody has seen may, the public way is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

try:
    from pandas._config.config import _global_config as _options
except ImportError:
    _options = {}

Array = np.ndarray[Any, Any]


try:
    from pandas._libs.internals import BlockPlacement
    from pandas.core.internals.blocks import get_block_type
    from pandas.core.internals.managers import BlockManager
except ImportError:
    BlockPlacement = get_block_type = BlockManager = None  # `_is_known` finds out


class Layout:
    """Names of a frame's columns (Python's text), and in which blocks their values lie: for frames alike."""

    def __init__(self, names: Sequence[str], types: Sequence[str]) -> None:
        self.names = np.array(names, dtype=object)
        # Places of the columns of each type, as the columns of a block.
        self.places: dict[str, list[int]] = {}
        for at, kind in enumerate(types):
            self.places.setdefault(kind, []).append(at)
        self.placements = [BlockPlacement(_place(places)) for places in self.places.values()] if BlockPlacement else []
        self.makers = [get_block_type(np.dtype(kind)) for kind in self.places] if get_block_type else []


def _place(places: Sequence[int]) -> Any:
    first, last = places[0], places[-1]
    return slice(first, last + 1) if last - first == len(places) - 1 else np.array(places)


def _framed(layout: Layout, blocks: Sequence[Array], rows: int) -> pd.DataFrame:
    if len(layout.makers) == 1:
        made = (layout.makers[0](blocks[0], layout.placements[0], 2),)
    else:
        made = tuple([make(values, place, 2) for make, values, place in zip(layout.makers, blocks, layout.placements, strict=True)])
    axes = [pd.Index._simple_new(layout.names.copy()), pd.RangeIndex._simple_new(range(rows))]  # type: ignore[attr-defined]
    return pd.DataFrame._from_mgr(BlockManager(made, axes, verify_integrity=False), axes)  # type: ignore[attr-defined, no-any-return]


def _framed_publicly(layout: Layout, blocks: Sequence[Array], rows: int) -> pd.DataFrame:
    names = layout.names.tolist()
    if len(blocks) == 1:
        return pd.DataFrame(blocks[0].T, columns=names, copy=False)
    columns = {at: column for values, places in zip(blocks, layout.places.values(), strict=True) for at, column in zip(places, values, strict=True)}
    frame = pd.DataFrame({at: columns[at] for at in range(len(names))}, copy=False)
    frame.columns = pd.Index(names)
    return frame


def _only_block(frame: pd.DataFrame) -> Array | None:
    """The values of a frame of one block of numpy's, a row a column; of others None."""
    blocks = frame._mgr.blocks  # type: ignore[attr-defined]
    if len(blocks) != 1:
        return None
    values, places = blocks[0].values, blocks[0].mgr_locs
    return values if type(values) is np.ndarray and places.is_slice_like and places.as_slice == slice(0, len(values), 1) else None


def _float_rows(frame: pd.DataFrame, most: int) -> list[list[float]] | None:
    values = _only_block(frame)
    return values.T.tolist() if values is not None and values.dtype.char == "d" and values.size <= most else None  # type: ignore[no-any-return]


def _lists(frame: pd.DataFrame) -> list[tuple[str, list[Any]]]:
    values = _only_block(frame)
    if values is not None:
        kind = values.dtype.char
        return [(kind, column) for column in values.tolist()]
    made: dict[int, tuple[str, list[Any]]] = {}
    for block in frame._mgr.blocks:  # type: ignore[attr-defined]
        values = block.values
        if type(values) is np.ndarray:
            kind = values.dtype.char
            made.update((at, (kind, column)) for at, column in zip(block.mgr_locs, values.tolist(), strict=True))
        else:
            made.update((at, ("", [])) for at in block.mgr_locs)
    return [made[at] for at in range(len(made))]


def _lists_publicly(frame: pd.DataFrame) -> list[tuple[str, list[Any]]]:
    return [(column.dtype.char, column.tolist()) if isinstance(column.dtype, np.dtype) else ("", []) for _, column in frame.items()]


def _arrays(frame: pd.DataFrame) -> list[Any]:
    values = frame._mgr.iget_values  # type: ignore[attr-defined]
    return [values(at) for at in range(len(frame.columns))]


def _arrays_publicly(frame: pd.DataFrame) -> list[Any]:
    return [column.array.to_numpy() if isinstance(column.dtype, np.dtype) else column.array for _, column in frame.items()]


def _is_known() -> bool:
    """Whether this pandas makes and shows frames as we think, and has text in columns of Python's objects."""
    layout = Layout(["a", "b", "c", "d"], ["float64", "object", "float64", "int64"])
    blocks = [np.array([[1.5], [2.0]]), np.array([["x"]], dtype=object), np.array([[7]])]
    try:
        made, wanted = _framed(layout, blocks, 1), _framed_publicly(layout, blocks, 1)
        pd.testing.assert_frame_equal(made, wanted, check_column_type="exact")
        same = [each.tolist() for each in _arrays(made)] == [each.tolist() for each in _arrays_publicly(wanted)] and _lists(made) == _lists_publicly(wanted)
        floats = pd.DataFrame({"a": [1.5, 2.0], "b": [0.0, 3.5]})
        same = same and _float_rows(made, 99) is None and _float_rows(floats, 99) in (None, floats.to_numpy().tolist())
        return same and type(made.index) is type(wanted.index) and not made.copy()._is_copy and repr(made) == repr(wanted)  # type: ignore[attr-defined]
    except Exception:  # whatever an unknown pandas lacks
        return False


IS_KNOWN = _is_known()
IS_TEXT_OBJECT = pd.Series(["x"]).dtype == object


def has_own_text() -> bool:
    """Whether pandas has text in columns of a type of its own. Code may ask for that at any time, by an option that takes long to get."""
    return not IS_TEXT_OBJECT or bool(_options.get("future", {}).get("infer_string"))


# A frame with rows from 0 on. The blocks (a row a column) are in the layout's order, and the frame's own from then on.
frame_of: Callable[[Layout, Sequence[Array], int], pd.DataFrame] = _framed if IS_KNOWN else _framed_publicly
# The columns' values: numpy's arrays where they lie in such, else pandas' own.
column_arrays: Callable[[pd.DataFrame], list[Any]] = _arrays if IS_KNOWN else _arrays_publicly
# The columns' values as Python's, each with numpy's character of their type; "" and nothing where they lie in no array of numpy's.
column_lists: Callable[[pd.DataFrame], list[tuple[str, list[Any]]]] = _lists if IS_KNOWN else _lists_publicly
# The rows of a frame of so many values at most that holds floats and nothing else, where pandas has them in one piece; of others None.
float_rows: Callable[[pd.DataFrame, int], list[list[float]] | None] = _float_rows if IS_KNOWN else lambda *_: None
