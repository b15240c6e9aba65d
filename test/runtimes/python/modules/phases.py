"""Entry points that fail where they are told to, for the phases of DSDL's error texts."""

def init(df, param):
    if param["at"] == "init":
        raise ValueError("init")
    return param["at"]


def fit(model, df, param):
    if model == "fit":
        raise ValueError("fit")


def save(model, name):
    if model == "save":
        raise ValueError("save")


def load(name):
    if name == "absent":
        raise FileNotFoundError(2, "No such file or directory", "absent.bin")
    return name


def apply(model, df, param):
    if param["at"] == "apply":
        raise ValueError("apply")
    return 42 if param["at"] == "result" else df


def summary(model=None):
    if model == "summary":
        raise ValueError("summary")
    if model == "no summary":
        return None
    return {"version": "1", "nan": float("nan"), "of": str(model)}
