/** One thing that was looked at. */
export interface Finding {
  /** warning: calls can be answered all the same. */
  readonly state: "ok" | "warning" | "error";
  /** What was found: one sentence. */
  readonly what: string;
  /** What to do about it, if anything. */
  readonly todo?: string;
}

export const ok = (what: string): Finding => ({ state: "ok", what });
export const warning = (what: string, todo: string): Finding => ({ state: "warning", what, todo });
export const wrong = (what: string, todo: string): Finding => ({ state: "error", what, todo });
