"""What notebooks import from compute-bridge: scikit-learn's answers, sooner.

    from compute_bridge import predict

    def apply(model, df, param):
        return pd.DataFrame({"label": predict(model, df, FEATURES)})

`predict(model, df, features)` gives what `model.predict(df[features])` gives, to the last bit, warnings and errors alike.
docs/how-to/fast-predictions.md tells when it is quicker and why.

Importing this costs nothing: numpy, pandas and scikit-learn are looked at when a model of scikit-learn comes, which has
imported them.
"""

from .calling import call, predict

__all__ = ["call", "predict"]
