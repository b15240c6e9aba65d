seen = []


def apply(model, df, param):
    seen.append(len(df))
    print("block", len(seen), len(df))
    if param.get("fail_at") == len(seen):
        raise ValueError("in a block")
    if param.get("drop_at") == len(seen):
        return df.iloc[1:]
    return df
