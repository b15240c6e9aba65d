"""What a rehearsal imports, as a version's module is: nothing of consequence."""

from typing import Any

import numpy as np
import pandas as pd

KNOWN = {"names": ["a", "b"], "type": np.float64}


def apply(model: Any, df: pd.DataFrame, param: dict[str, Any]) -> pd.DataFrame:
    """The rows themselves."""
    return df


def load(name: str) -> dict[str, Any]:
    """An old path, which is rewritten."""
    return {"folder": f"/srv/app/model/data/{name}"}
