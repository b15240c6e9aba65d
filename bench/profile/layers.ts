import type { Stack } from "./stacks.ts";

/** A layer, and which frames are its own. A stack belongs to the layer of its innermost frame that has one. */
type Layers = readonly (readonly [layer: string, frames: RegExp])[];

/** What runs when no layer's frame is on the stack. */
const OTHER = "other";

/** Ours first: library code belongs to whoever called it, unless the library is a layer itself. */
export const serverLayers: Layers = [
  ["garbage collection", /^\(garbage collector\)/],
  ["kernel and native code", /^\(program\)/],
  ["authentication", / server\/plugins\/(auth|.*tokens?|sessions)\.ts/],
  ["metrics and log", / (server\/plugins\/metrics|prom-client\/|pino)/],
  ["validation", / (server\/routes\/call-request|server\/compute\/options|zod\/|fastify-type-provider-zod\/)/],
  ["target", / server\/compute\/(target|starts|uses|call-for-worker|model-owner)\.ts/],
  ["record", / (server\/compute\/run-|server\/store\/|kysely\/)/],
  ["pool", / server\/workers\/(pool|seats?|turns|lanes?|slots|pace|checks|target)[\w-]*\.ts/],
  ["frames", / (server\/workers\/|contract\/frames|server\/environments\/)/],
  ["compute", / server\/compute\//],
  ["request and answer", / server\/(routes|plugins)\//],
  ["routing", / (fastify|find-my-way|@fastify|avvio)[\w-]*\//],
  ["HTTP", / node:(_http|internal\/http|internal\/server\/)/],
  ["sockets and streams", / node:(net|internal\/(stream|js_stream))/],
];

export const workerLayers: Layers = [
  ["waiting awake for the next call", /^Awake\._watch /],
  ["frames: receive", /^(Wire\.frame|Input\.\w+) /],
  ["frames: send", / worker\/frames\.py/],
  ["format", / worker\/(tables_out|quick_csv|few_out|append|came_back)\.py/],
  ["parse", / worker\/(few|typed|tables_in|records|segments|texts)\.py|^Blocks\S* worker\/blocks\.py/],
  ["hand-offs between threads", /^(Queue|Condition|Event|Ahead|Behind)\.\S+ |^Thread\.(join|start|_wait)/],
  [
    "restore",
    / worker\/(restoring|globals|same_objects|surroundings|interpreter|event_loops|loggers|randomness|generator_state|folders|interrupts|logs|shared_files)\.py/,
  ],
  ["model and entry points", / worker\/(models|calls|entry_points)\.py/],
  ["user code", / (\S*\/)?app\/model\//],
  ["loop", / worker\//],
];

/** How the samples divide among layers, in their order; those of none last. Parts of 1. */
export function sharesOf(stacks: readonly Stack[], layers: Layers): ReadonlyMap<string, number> {
  const counts = new Map([...layers.map(([layer]) => layer), OTHER].map((layer) => [layer, 0]));
  let all = 0;
  for (const { frames, count } of stacks) {
    const layer = layerOf(frames, layers);
    counts.set(layer, (counts.get(layer) ?? 0) + count);
    all += count;
  }
  return new Map(Array.from(counts, ([layer, count]) => [layer, all === 0 ? 0 : count / all]));
}

function layerOf(frames: readonly string[], layers: Layers): string {
  for (const frame of frames.toReversed()) {
    // Node's own code belongs to whoever of us called it, so that a write to a worker is no HTTP.
    if (frame.includes(" node:")) continue;
    const found = layers.find(([, own]) => own.test(frame));
    if (found) return found[0];
  }
  for (const frame of frames.toReversed()) {
    const found = layers.find(([, own]) => own.test(frame));
    if (found) return found[0];
  }
  return OTHER;
}
