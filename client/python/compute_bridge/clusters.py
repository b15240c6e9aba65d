"""The arithmetic of k-means: scikit-learn's compiled search for the nearest centre."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .scaling import is_floats

Compute = Callable[[Any], Any]
# Products of matrices up to this size are computed by one thread. Before larger ones scikit-learn sees to that, which takes most of its time.
MOST_PRODUCTS = 50_000


def nearest(state: Mapping[str, Any], features: int, method: str) -> Compute | None:
    """The number of each row's cluster."""
    import numpy as np
    from sklearn.cluster._kmeans import _labels_inertia

    centers, threads = state.get("cluster_centers_"), state.get("_n_threads")
    if method != "predict" or type(threads) is not int or type(centers) is not np.ndarray or not centers.flags.c_contiguous:
        return None
    if not is_floats(centers, (len(centers), features)):
        return None

    def predict(rows: Any) -> Any:
        if rows.size * len(centers) > MOST_PRODUCTS:
            return None
        rows = np.ascontiguousarray(rows, dtype=np.float64)
        return _labels_inertia(rows, np.ones(len(rows)), centers, n_threads=threads, return_inertia=False)

    return predict


CLUSTERS = dict.fromkeys(("KMeans", "MiniBatchKMeans"), nearest)
