import { expect, it } from "vitest";
import { root } from "../../../bench/places.ts";
import { serverLayers, sharesOf, workerLayers } from "../../../bench/profile/layers.ts";
import { renewed } from "../../../bench/profile/page.ts";
import { stacksOfServer, stacksOfWorker } from "../../../bench/profile/stacks.ts";
import { tableOf } from "../../../bench/profile/table.ts";

const frame = (functionName: string, url = "") => ({ functionName, url, lineNumber: 4 });

/** An HTTP request whose route writes to a worker, which ends in Node's sockets. */
const server = stacksOfServer({
  nodes: [
    { id: 1, callFrame: frame("(root)"), hitCount: 0, children: [2, 3, 4] },
    { id: 2, callFrame: frame("(idle)"), hitCount: 1000, children: [] },
    { id: 3, callFrame: frame("(garbage collector)"), hitCount: 10, children: [] },
    { id: 4, callFrame: frame("parserOnIncoming", "node:_http_server"), hitCount: 20, children: [5] },
    { id: 5, callFrame: frame("route", `file://${root}/server/routes/compute.ts`), hitCount: 30, children: [6] },
    { id: 6, callFrame: frame("", `file://${root}/server/workers/call.ts`), hitCount: 0, children: [7] },
    { id: 7, callFrame: frame("Socket.write", "node:net"), hitCount: 40, children: [] },
  ],
});

const worker = stacksOfWorker(
  [
    `answer (${root}/runtimes/python/worker/serve.py:12);parse (${root}/runtimes/python/worker/few.py:3) 25`,
    `answer (${root}/runtimes/python/worker/serve.py:12);parse (${root}/runtimes/python/worker/few.py:9) 25`,
    `answer (${root}/runtimes/python/worker/serve.py:12);apply (/home/app/model/.versions/x/app/model/x.py:3);sum (/v/lib/python3.11/site-packages/pandas/core/frame.py:7) 50`,
    "",
  ].join("\n"),
);

it("gives a stack to the innermost layer that is on it, and Node's own code to whoever called it", () => {
  expect(server).toContainEqual({
    frames: [
      "parserOnIncoming node:_http_server:5",
      "route server/routes/compute.ts:5",
      "(anonymous) server/workers/call.ts:5",
      "Socket.write node:net:5",
    ],
    count: 40,
  });
  const shares = Object.fromEntries(sharesOf(server, serverLayers));
  expect(shares).toMatchObject({ "garbage collection": 0.1, HTTP: 0.2, "request and answer": 0.3, frames: 0.4, other: 0 });
});

it("counts lines of one function of a worker as one", () => {
  expect(worker).toContainEqual({ frames: ["answer worker/serve.py", "parse worker/few.py"], count: 50 });
  expect(Object.fromEntries(sharesOf(worker, workerLayers))).toMatchObject({ parse: 0.5, "user code": 0.5, loop: 0 });
});

it("divides the processor time of a call among layers", () => {
  const table = tableOf([{ title: "one row", unit: "µs", server, worker, serverMs: 0.2, workerMs: 0.1 }]);
  expect(table.split("\n")).toEqual([
    "| processor time a call | one row, µs |",
    "| --- | ---: |",
    "| **server** | **200** |",
    "| garbage collection | 20 |",
    "| frames | 80 |",
    "| request and answer | 60 |",
    "| HTTP | 40 |",
    "| **worker** | **100** |",
    "| parse | 50 |",
    "| user code | 50 |",
  ]);
});

it("renews its own place in a page alone", () => {
  const page = "before\n<!-- profile: begin -->\nold\n<!-- profile: end -->\nafter\n";
  expect(renewed(page, "profile", "new")).toBe("before\n<!-- profile: begin -->\nnew\n<!-- profile: end -->\nafter\n");
  expect(() => renewed("a page", "timeline", "new")).toThrow("no place for the timeline");
});
