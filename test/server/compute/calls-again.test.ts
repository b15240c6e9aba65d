import fc from "fast-check";
import { expect, it } from "vitest";
import type { Call } from "#contract/call.ts";
import type { Manifest } from "#contract/manifest.ts";
import type { ModelVersion } from "#contract/model.ts";
import type { Runtime } from "../../../runtimes/runtime.ts";
import { callForWorker } from "../../../server/compute/call-for-worker.ts";
import { homeAt } from "../../../server/compute/home.ts";
import { startsIn } from "../../../server/compute/starts.ts";
import { modelUse, Uses, usesOf, versionUse } from "../../../server/compute/uses.ts";
import type { Environment } from "../../../server/environments/environment.ts";
import { environmentFinder } from "../../../server/environments/index.ts";

const homes = [homeAt("/tmp/one"), homeAt("/tmp/two")];
const types = [undefined, { a: "int64" }, { b: "object", c: "bool" }] as const;
const manifests = ["Iris", "other", "Straße"].flatMap((name) =>
  types.flatMap((each, at) => {
    const manifest = { ...{ name, version: `${at}`.repeat(16), environment: "default", runtime: "python", methods: ["apply"] } };
    return [{ ...manifest, options: { ...(each && { types: each }) } } as unknown as Manifest];
  }),
);
const models = [
  undefined,
  ...[1, 2].flatMap((version) =>
    [null, [], [{ name: "a", type: "float64" }]].map(
      (signature) =>
        ({ algorithm: "iris", name: "default", version, signature, folder: `app/model/data/${version}` }) as unknown as ModelVersion,
    ),
  ),
];
const call = { method: "apply", model: "default", param: "{}", fields: null, append: null, input: "csv", output: "csv", part: null };
const fresh = <T>(value: T): T => structuredClone(value);

it("what calls are made of is the same whether their version and model were met before or not", () => {
  const one = { name: "default", aliases: ["local"] } as unknown as Environment;
  const other = { name: "gpu", aliases: [] } as unknown as Environment;
  const runtime = {
    name: "python",
    workerFor: (manifest: Manifest, folder: string) => ({ of: manifest.name, folder }),
  } as unknown as Runtime;
  const finder = environmentFinder([one, other]);
  const starts = homes.map((home) => startsIn(home, [runtime], finder));
  const asked = fc.record({
    at: fc.nat(1),
    manifest: fc.constantFrom(...manifests),
    model: fc.constantFrom(...models),
    strict: fc.boolean(),
    environment: fc.constantFrom(null, "default", "gpu", "LOCAL"),
  });
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 40 }), (all) => {
      for (const { at, manifest, model, strict, environment } of all) {
        const home = homes[at]!;
        const each = { ...call, strict } as Call;
        const made = callForWorker(home, "run", each, { manifest, model }, undefined);
        expect(made).toEqual(callForWorker(home, "run", each, { manifest: fresh(manifest), model: fresh(model) }, undefined));
        expect(made.input.types).toEqual(typesBefore(manifest, model, strict));
        const uses = [versionUse(manifest.name, manifest.version)];
        if (model) uses.push(modelUse(manifest.name, model.name, model.version));
        expect(usesOf(manifest, model)).toEqual(uses);
        const start = starts[at]!.of(manifest, environment);
        expect(start).toEqual(startsIn(home, [runtime], finder).of(fresh(manifest), environment));
        expect(start.environment).toBe(environment === "gpu" ? other : one);
      }
    }),
  );
});

function typesBefore({ options }: Manifest, model: ModelVersion | undefined, strict: boolean) {
  const signature = model?.signature ? Object.fromEntries(model.signature.map(({ name, type }) => [name, type])) : null;
  return strict || !(options.types || signature) ? null : { ...signature, ...options.types };
}

it("is in use until each that took it gave it back", () => {
  const uses = new Uses();
  const [manifest, model] = [manifests[0]!, models[1]!];
  const [version = "", its = ""] = usesOf(manifest, model);
  {
    using _ = uses.take(usesOf(manifest, model));
    using _also = uses.take(usesOf(manifest, undefined));
    expect([uses.of(version), uses.of(its)]).toEqual([2, 1]);
  }
  expect([uses.of(version), uses.of(its)]).toEqual([0, 0]);
});
