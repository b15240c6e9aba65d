/** What a turn measures, and what its table says: the first figure is the one that ratios are of. */
export const kinds = {
  small: { figures: ["p50 ms", "p99 ms", "CPU ms/call"], isMoreBetter: false },
  flood: { figures: ["calls/s", "p99 ms", "CPU ms/call"], isMoreBetter: true },
  scale: { figures: ["times as many", "calls/s of one", "calls/s of two"], isMoreBetter: true },
  large: { figures: ["seconds", "CPU s", "MB above idle"], isMoreBetter: false },
  fitted: { figures: ["times the table", "worker MB above idle", "server MB above idle", "seconds"], isMoreBetter: false },
  memory: { figures: ["server MB above idle", "worker MB above idle", "server idle MB", "seconds"], isMoreBetter: false },
  beside: { figures: ["call p99 ms", "call p50 ms", "health p99 ms", "busy s"], isMoreBetter: false },
  fair: { figures: ["times alone", "call p99 ms", "p99 ms alone", "the other's calls/s"], isMoreBetter: false },
  load: { figures: ["health p99 ms", "health p50 ms", "calls/s"], isMoreBetter: false },
  mixed: { figures: ["wrong", "answers", "calls/s"], isMoreBetter: false },
  saved: { figures: ["p50 ms", "p99 ms", "saves", "p50 ms, each at once"], isMoreBetter: false },
  kept: { figures: ["lost or torn", "saves", "versions", "seconds"], isMoreBetter: false },
  lab: { figures: ["p50 ms", "p99 ms", "save answered p50 ms", "saves"], isMoreBetter: false },
  starts: { figures: ["new version ms", "new worker ms", "warm process s", "idle worker MB"], isMoreBetter: false },
  types: { figures: ["unexplained", "equal", "last place of a float", "pandas' default floats", "refused", "CSVs"], isMoreBetter: false },
  command: { figures: ["MB/s", "peak MB", "getinfo ms"], isMoreBetter: true },
} as const;
export type Kind = keyof typeof kinds;
/** Those that no server is asked for. */
export type AloneKind = "types" | "command" | "lab";
export type SideKind = Exclude<Kind, AloneKind>;
