"""The calls of a notebook's functions, in DSDL's order, with its weaknesses: one global state, stale modules, a load each time."""

from __future__ import annotations

import importlib
import io
import json
import os
from typing import Any

import pandas as pd

from phases import phase

SRV = os.environ.get("SRV", "/srv")

# One for all users and models: whoever came last.
STATE: dict[str, Any] = {}


def read(body: bytes) -> tuple[str, dict[str, Any]]:
    """The rows' text and `meta`; the log gets the size of the one and all of the other."""
    with phase("json"):
        sent = json.loads(body)
        data, meta = sent["data"], sent["meta"]
        print(len(data))
        print(meta)
    return data, meta


def to_frame(data: str, meta: dict[str, Any]) -> pd.DataFrame:
    """The rows by pandas' rules. Which model is meant is settled here, too."""
    with phase("csv"):
        frame = pd.read_csv(io.StringIO(data))
        STATE["model_name"] = meta["options"].get("model_name", "default") + ""
    return frame


def stage(frame: pd.DataFrame, meta: dict[str, Any]) -> str | None:
    """Stages the rows if the call asks for it. Returns the file's path then."""
    with phase("stage"):
        params = meta["options"].get("params", {})
        if "mode" not in params or params["mode"].strip('"') != "stage":
            return None
        path = f"{SRV}/notebooks/data/{STATE['model_name']}"
        frame.to_csv(f"{path}.csv", index=False)
        with open(f"{path}.json", "w") as file:
            json.dump(meta, file)
        return f"{path}.csv"


def fit(frame: pd.DataFrame, meta: dict[str, Any]) -> str:
    """From the import to the results of the closing apply."""
    with phase("load"):
        params = meta["options"]["params"]
        if "algo" in params:
            _import(params["algo"].strip('"'), may_reload=True)
        _ = "version" in STATE["module"].summary()
    with phase("init"):
        STATE["model"] = STATE["module"].init(frame, meta)
        STATE["summary"] = STATE["module"].summary(STATE["model"])
    with phase("fit"):
        print(STATE["module"].fit(STATE["model"], frame, meta))
    with phase("save"):
        STATE["module"].save(STATE["model"], _name())
    return _applied(frame, meta)


def apply(frame: pd.DataFrame, meta: dict[str, Any]) -> str:
    """Module and model are fetched anew at each call."""
    with phase("init"):
        params = meta["options"]["params"]
        if "algo" in params:
            _import(params["algo"].strip('"'), may_reload=False)
        STATE["model"] = STATE["module"].load(_name())
        STATE["summary"] = STATE["module"].summary(STATE["model"])
    return _applied(frame, meta)


def _import(algorithm: str, may_reload: bool) -> None:
    """Only a fit of the algorithm that was used last reads its file again; any other call takes what was imported once."""
    if may_reload and STATE.get("algorithm") == algorithm:
        STATE["module"] = importlib.reload(STATE["module"])
    else:
        STATE["module"] = importlib.import_module(f"app.model.{algorithm}")
    STATE["algorithm"] = algorithm


def _name() -> str:
    return f"{STATE['algorithm']}_{STATE['model_name']}"


def _applied(frame: pd.DataFrame, meta: dict[str, Any]) -> str:
    with phase("apply"):
        return str(pd.DataFrame(STATE["module"].apply(STATE["model"], frame, meta)).to_csv(index=False))
