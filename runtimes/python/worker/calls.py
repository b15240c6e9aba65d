"""What a call does: the entry points in DSDL's order (contracts/notebook-and-http.md, section 2)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from json import JSONDecoder, dumps
from types import ModuleType
from typing import Any

import pandas as pd

from .beginnings import Beginning
from .caches import Caches
from .changes import States
from .data_folder import DataFolder
from .event_loops import LOOPS
from .failures import phase
from .interrupts import Interrupts
from .models import Loaded, Models, own_memory
from .reloading import Reloading
from .rewriting import RewritingLoader
from .tables_in import Table
from .tables_out import table_of
from .unattended import Unattended

# Beyond this, columns are not listed with an error.
MOST_COLUMNS = 1000
DECODER = JSONDecoder()
scanned = DECODER.scan_once
APPLY, RESULT = phase("apply"), phase("result")


class Session:
    """One module and the models that it loaded."""

    def __init__(self, module: ModuleType, interrupts: Interrupts, data: DataFolder, beginning: Beginning, unattended: Unattended) -> None:
        self._module = module
        self._interrupts = interrupts
        self._data = data
        self._top_level = self._begun = beginning
        self._unattended = unattended
        self._models = Models()
        self._reloading = Reloading(self._models)
        self._is_load_seen = False
        self._caches = Caches()
        # The last call's model.
        self._wanted: Mapping[str, Any] | None = None
        # The top level's objects before the first fit.
        self._fresh: States | None = None
        self._is_restored = False

    def restore(self) -> None:
        """Put globals back for the call that comes next, while nobody waits for it and all that it touches is still near the processor."""
        self._is_restored = False
        if self._unattended.may_run():
            return
        LOOPS.is_alone = True
        try:
            self._begun.run()  # as the last call began: the next one has the same model, mostly
            self._reloading.look()
            self._is_restored = True
        except BaseException:
            pass  # classes of the code may raise anything when they are compared: the next call tries again, and says so

    def begin(self, call: Mapping[str, Any], report: Report) -> None:
        """Put globals back, unless that has been done, and point the data folder at this call's."""
        wanted = call["model"]
        if wanted is not self._wanted and wanted != self._wanted:
            self._turn_to(wanted)
        if not self._is_restored:
            LOOPS.is_alone = not self._unattended.may_run()
            self._begun.run()
            self._reloading.look()
        kept = self._models.find(wanted["key"]) if wanted is not None else None
        beginning = self._top_level if kept is None else kept.beginning
        if beginning is not self._begun:
            self._begun = beginning
            beginning.run()
        beginning.enter()
        self._is_restored = False
        if call["method"] != "load":  # nobody sees the receipt of one
            report.notes += beginning.notes()
        if wanted is not None:
            self._data.point(wanted["folder"], wanted["shared"])

    def _turn_to(self, wanted: Mapping[str, Any] | None) -> None:
        """Another model than the last call's: what was read of that is forgotten."""
        if self._wanted is not None:
            self._caches.empty()
        self._wanted = wanted

    def fit(self, call: Mapping[str, Any], table: Table, report: Report) -> pd.DataFrame:
        """Build, fit and save a model, and apply it to the same rows. One df and one param for all of it. The report says whether another fit may follow here."""
        with phase("import"):
            self._caches.empty()
            if self._fresh is None or self._fresh.modules != len(RewritingLoader.imported):
                self._fresh = self._top_level.states()
        try:
            return self._fitted(call, table, report)
        finally:
            report.is_spent = self._fresh.changed() is not None

    def _fitted(self, call: Mapping[str, Any], table: Table, report: Report) -> pd.DataFrame:
        strict, df, param = call["strict"], table.frame, parsed(call["param"])
        began = time.perf_counter()
        if strict:
            with phase("import"), self._interrupts.code:
                _ = "version" in self._function("summary")()
        with phase("init"), self._interrupts.code:
            model = self._function("init")(df, param) if strict or self._has("init") else None
        report.has_model(model)
        if strict:
            with phase("init"), self._interrupts.code:
                _ = "summary" in self._function("summary")(model)
        with phase("fit"), self._interrupts.code:
            self._function("fit")(model, df, param)
        with phase("save"), self._interrupts.code:
            if strict or self._has("save"):
                self._function("save")(model, call["model"]["name"])
            else:
                report.notes.append("The notebook defines no save, so what was fitted is not kept.")
        result = self._applied("apply", strict, model, df, param) if strict or self._has("apply") else pd.DataFrame()
        report.seconds["computing"] = time.perf_counter() - began
        return result

    def method(self, call: Mapping[str, Any], table: Table, report: Report) -> pd.DataFrame:
        """`apply`, or another method of the same arguments, on a loaded model."""
        param = parsed(call["param"])
        model = self.model(call, report)
        began = time.perf_counter()
        result = self._applied(call["method"], call["strict"], model, table.frame, param)
        report.seconds["computing"] = time.perf_counter() - began
        return result

    def blocks(self, call: Mapping[str, Any], report: Report) -> Callable[[pd.DataFrame], Any]:
        """The function that computes one block of a row-wise apply."""
        model = self.model(call, report)
        text = call["param"]

        def compute(frame: pd.DataFrame) -> Any:
            began = time.perf_counter()
            report.saw(frame)
            with phase("apply"), self._interrupts.code:
                result = self._function(call["method"])(model, frame, parsed(text))
            report.seconds["computing"] += time.perf_counter() - began
            return result

        return compute

    def summary(self, call: Mapping[str, Any], report: Report) -> pd.DataFrame:
        """One row with a field `summary`, as DLTK answers; the value itself goes into the report."""
        model = self.model(call, report, with_summary=False)
        with phase("summary"), self._interrupts.code:
            value = self._function("summary")(model)
        with phase("summary"):
            report.summary = dumps(plain(value), ensure_ascii=False)
        text = value if isinstance(value, str) else report.summary
        return pd.DataFrame({"summary": [text]})

    def load(self, call: Mapping[str, Any], report: Report) -> None:
        """Have the model in memory for calls to come; one that would not be kept is not loaded."""
        if call["model"]["key"] is not None and not self._reloading.is_needed:
            self.model(call, report, with_summary=False)

    def model(self, call: Mapping[str, Any], report: Report, with_summary: bool = True) -> Any:
        """The loaded model: from memory if it is there, else by `load`."""
        strict, wanted = call["strict"], call["model"]
        began = time.perf_counter()
        kept = self._models.find(wanted["key"])
        report.was_loaded = kept is not None
        if kept is not None:
            model = kept.model
        elif strict or self._has("load"):
            with phase("init" if strict else "load"):
                model = self._loaded(wanted)
            if call["method"] != "load":  # nobody sees the receipt of one
                report.notes += self._reloading.notes(wanted["key"])
        else:
            model = None
        report.seconds["loading"] = time.perf_counter() - began
        report.has_model(model)
        if strict and with_summary:
            with phase("init"), self._interrupts.code:
                _ = "summary" in self._function("summary")(model)
        return model

    def _loaded(self, wanted: Mapping[str, Any]) -> Any:
        """What `load` gives, which stays in memory if it has a key and shares nothing that `load` changes."""
        key = wanted["key"]
        if self._reloading.is_needed or (key is None and self._is_load_seen and self._models.is_empty):
            return self._load(wanted)
        self._is_load_seen = True
        with self._reloading.watch(self._begun):
            before = own_memory()
            loaded = Loaded(self._load(wanted), self._begun) if key is None else Loaded(*self._begun.after(lambda: self._load(wanted)))
            grown = own_memory() - before
        if key is not None and not (self._reloading.has_changed or self._reloading.is_needed):
            self._begun = loaded.beginning
            self._models.keep(key, loaded, wanted["folder"], grown)
        return loaded.model

    def _load(self, wanted: Mapping[str, Any]) -> Any:
        with self._interrupts.code:
            return self._function("load")(wanted["name"])

    def _applied(self, name: str, strict: bool, model: Any, df: pd.DataFrame, param: Any) -> pd.DataFrame:
        with APPLY, self._interrupts.code:
            value = getattr(self._module, name)(model, df, param)
        if type(value) is pd.DataFrame:
            return value
        with APPLY if strict else RESULT:
            return table_of(value, strict)

    def _has(self, name: str) -> bool:
        return callable(getattr(self._module, name, None))

    def _function(self, name: str) -> Callable[..., Any]:
        return getattr(self._module, name)  # type: ignore[no-any-return]


class Report:
    """What the done frame says of a call."""

    def __init__(self) -> None:
        self.seconds = {"loading": 0.0, "computing": 0.0}
        self.notes: list[str] = []
        self.was_loaded: bool | None = None
        self.summary: str | None = None
        # Whether a fit changed what the next one would begin with.
        self.is_spent = False
        # The columns that the code got: a copy, as code may change them where they are.
        self._columns: list[Any] | None = None
        self._model: Any = None

    def saw(self, frame: pd.DataFrame) -> None:
        """The code is about to get these rows, and may change the frame."""
        if self._columns is None:
            self._columns = frame.columns.tolist()

    @property
    def columns(self) -> list[str] | None:
        """The columns that the code got, for advice when it fails."""
        return None if self._columns is None or len(self._columns) > MOST_COLUMNS else list(map(str, self._columns))

    def has_model(self, model: Any) -> None:
        """The call's model is known. Its text may be costly, so it is made only where it is shown."""
        self._model = model

    def text(self) -> str:
        """The text of the model for the old /summary."""
        with phase("summary"):
            return str(self._model)


def parsed(text: str) -> Any:
    """`json.loads(text)`, which would look for blanks around a text that has none."""
    try:
        value, end = scanned(text, 0)
    except StopIteration:  # a blank, or no JSON
        return DECODER.decode(text)
    return value if end == len(text) else DECODER.decode(text)


def plain(value: Any) -> Any:
    """A value as JSON can write it: numpy scalars and arrays as Python's, NaN as null, anything else as its text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, (pd.DataFrame, pd.Series)):
        return plain(value.to_dict())
    return str(value)
