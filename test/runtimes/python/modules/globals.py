from app.model import shared_part

count = 0
numbers = {"a": 1}
names = ["x"]
kinds = {"k"}
deep = {"inner": []}


def apply(model, df, param):
    global count, made
    state = [count, dict(numbers), list(names), sorted(kinds), "made" in globals(), list(shared_part.seen), len(deep["inner"])]
    count += 1
    made = True
    numbers["a"] = 2
    numbers["b"] = 3
    names.append("y")
    kinds.clear()
    shared_part.seen.append(1)
    return [{"state": repr(state)}]


def replaces(model, df, param):
    global apply, numbers
    apply = None
    numbers = None
    del globals()["names"]
    return df
