/** Cells of a small forest of one number: fit learns the mean of the feature, apply scores rows by it. */
export const scorer: readonly string[] = [
  "import json\nimport pandas as pd",
  "def stage(name):\n    with open('data/' + name + '.csv') as f:\n        return pd.read_csv(f), {}",
  "def init(df, param):\n    return {}",
  [
    "def fit(model, df, param):",
    "    column = param['feature_variables'][0]",
    "    model['mean'] = float(df[column].mean())",
    "    print('fitted on', len(df), 'rows')",
    "    return {'status': 'fitted'}",
  ].join("\n"),
  [
    "def apply(model, df, param):",
    "    column = param['feature_variables'][0]",
    "    return pd.DataFrame({column: df[column], 'score': df[column] - model['mean']})",
  ].join("\n"),
  "def save(model, name):\n    with open('/srv/app/model/data/' + name + '.json', 'w') as f:\n        json.dump(model, f)\n    return model",
  "def load(name):\n    with open('/srv/app/model/data/' + name + '.json') as f:\n        return json.load(f)",
  "def summary(model=None):\n    return {'version': 1, 'mean': (model or {}).get('mean')}",
];

const bare: readonly string[] = ["def load(name):\n    return {}", "def summary(model=None):\n    return {'version': 1}"];

/** Gives back what it gets. */
export const echo: readonly string[] = ["def apply(model, df, param):\n    return df", ...bare];

/** Doubles the column `a`, row by row. */
export const double: readonly string[] = [
  "import pandas as pd",
  "def apply(model, df, param):\n    return pd.DataFrame({'twice': df['a'] * 2})",
  ...bare,
];
/** Settings of a notebook whose apply looks at each row alone. */
export const byRows = { options: { apply: "row-wise", types: { a: "float64" } } };

/** Says in the file of the option `marker` that it runs, goes on until it is interrupted, and says in `<marker>.ended` that it was. */
export const endless: readonly string[] = [
  [
    "import pathlib, time",
    "def apply(model, df, param):",
    "    marker = param['options']['params']['marker']",
    "    pathlib.Path(marker).touch()",
    "    try:",
    "        while True:",
    "            time.sleep(0.05)",
    "    finally:",
    "        pathlib.Path(marker + '.ended').touch()",
  ].join("\n"),
  "def init(df, param):\n    return {}",
  "def fit(model, df, param):\n    return apply(model, df, param)",
  "def save(model, name):\n    return model",
  ...bare,
];

/** Gives `rows` rows whatever it gets. */
export const many: readonly string[] = [
  "import pandas as pd",
  "def apply(model, df, param):\n    rows = int(param['options']['params']['rows'])\n    return pd.DataFrame({'n': range(rows), 'text': 'x' * 90})",
  ...bare,
];

/** Fails in its third line. */
export const failing: readonly string[] = ["def apply(model, df, param):\n    x = 1\n    return df['nowhere']", ...bare];
