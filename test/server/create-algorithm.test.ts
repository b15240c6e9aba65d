import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Algorithm } from "#contract/algorithm.ts";
import { type TestBridge, testBridge } from "./support/bridge.ts";

let test: TestBridge;
beforeAll(async () => {
  const jupyter = process.env.BRIDGE_JUPYTER ?? join(import.meta.dirname, "../../.python/jupyter/bin/jupyter");
  test = await testBridge({ BRIDGE_JUPYTER: jupyter, BRIDGE_JUPYTER_PORT: "0" });
});
afterAll(() => test[Symbol.asyncDispose]());

const create = (body: object) =>
  test.ask("/v1/algorithms", { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });

describe("POST /v1/algorithms", () => {
  it("makes a notebook from the template through JupyterLab, which is live and can be called", async () => {
    const made = await create({ name: "My first", title: "The first", description: "Made by a test", category: "tests" });
    expect(made.status).toBe(201);
    expect(await made.json()).toMatchObject({
      algorithm: "My first",
      notebook: "My first.ipynb",
      editor: expect.stringContaining("/lab/tree/My%20first.ipynb"),
    });
    expect(made.headers.get("location")).toBe("/v1/algorithms/My%20first");
    const fitted = await test.compute({ algorithm: "The first", method: "fit", feature_variables: "a" }, "a\n1\n2\n");
    expect(fitted.status, await fitted.clone().text()).toBe(200);
    const algorithm = (await (await test.ask("/v1/algorithms/my%20FIRST")).json()) as Algorithm;
    expect(algorithm).toMatchObject({ name: "My first", title: "The first", category: "tests", state: "live", problems: [] });
  });

  it("refuses a name that is taken, in any case, and names that are none", async () => {
    await create({ name: "taken" });
    expect((await create({ name: "TAKEN" })).status).toBe(409);
    expect((await create({ name: "../x" })).status).toBe(400);
    expect((await create({ name: "a", runtime: "cobol" })).status).toBe(400);
    expect(await (await create({ name: "a", environment: "mars" })).json()).toMatchObject({
      ...{ status: 400, detail: 'There is no environment "mars" here.', hint: "Use one of: local." },
    });
    expect((await create({ name: "in docker", environment: "Docker" })).status).toBe(201);
  });

  it("tells how JupyterLab is where it tells how the bridge is", async () => {
    const { ready, checks } = (await (await test.ask("/health/ready")).json()) as { ready: boolean; checks: object[] };
    expect(ready).toBe(true);
    expect(checks).toContainEqual({ name: "jupyter", ok: true, detail: "" });
  });
});

it("counts calls in its metrics", async () => {
  const text = await (await test.ask("/metrics")).text();
  expect(text).toMatch(/compute_requests_total\{method="fit",model="My first\/default",version="[0-9a-f]{16}",code="OK"\} 1/);
  expect(text).toContain('compute_rows_total{direction="in"} 2');
});
