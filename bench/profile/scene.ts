import { bodyOf, ROW_BYTES } from "../growth/body-rows.ts";
import { callPath, casesOf, type GrowingBridge } from "../growth/bridge.ts";
import type { startSender } from "../growth/sender.ts";
import type { Generator } from "../load/generator.ts";

const LARGE_ROWS = 1_000_000;
/** Calls between two looks at the clock. */
const SMALL_BATCH = 64;

/** What keeps the bridge busy while it is sampled. */
export interface Scene {
  /** Part of the pictures' names. */
  readonly id: string;
  readonly title: string;
  readonly unit: "µs" | "ms";
  /** Does calls for so long and then ends. Gives how many. */
  run(seconds: number): Promise<number>;
}

export const ALGORITHM = "trivial";

export interface SceneParts {
  readonly bridge: GrowingBridge;
  readonly generator: Generator;
  readonly sender: ReturnType<typeof startSender>;
}

export function scenesOf({ bridge, generator, sender }: SceneParts): readonly Scene[] {
  const { target } = bridge;
  const small = (connections: number) =>
    lasting(async () => {
      const calls = SMALL_BATCH * connections;
      const { wrong, firstWrong } = await generator.run({
        kind: "small",
        target,
        cases: casesOf([ALGORITHM]),
        connections,
        enough: { calls },
      });
      if (wrong > 0) throw new Error(`${wrong} answers are wrong, the first: ${firstWrong}`);
      return calls;
    });
  const large = lasting(async () => {
    await sender.send({ target, path: callPath(ALGORITHM), bytes: LARGE_ROWS * ROW_BYTES });
    return 1;
  });
  return [
    { id: "one", title: "one row, 1 connection", unit: "µs", run: small(1) },
    { id: "many", title: "one row, 32 connections", unit: "µs", run: small(32) },
    { id: "large", title: "1,000,000 rows", unit: "ms", run: large },
  ];
}

/** Rows for the fit, so that the types of the columns are known. */
export function trainingRows(): string {
  return Buffer.concat([...bodyOf(1000)]).toString();
}

function lasting(batch: () => Promise<number>): Scene["run"] {
  return async (seconds) => {
    let calls = 0;
    for (const end = performance.now() + seconds * 1000; performance.now() < end; ) calls += await batch();
    return calls;
  };
}
