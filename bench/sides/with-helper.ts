const IMPORT = `try:
    from compute_bridge import predict

    HAS_HELPER = True
except ImportError:
    HAS_HELPER = False

    def predict(model, df, columns):
        return model.predict(df[columns])


MODELS =`;

/** The source of an algorithm whose apply asks the prediction helper, where there is one; its summary says whether. @throws Error when it asks in another way */
export function withHelper(source: string): string {
  return [
    ["MODELS =", IMPORT],
    ["model.predict(df[FEATURES])", "predict(model, df, FEATURES)"],
    ['return {"version": "1"}', 'return {"version": "1", "helper": HAS_HELPER}'],
  ].reduce((text, [plain = "", helped = ""]) => {
    if (text.split(plain).length !== 2) throw new Error(`${plain} stands not once in the source`);
    return text.replace(plain, () => helped);
  }, source);
}
