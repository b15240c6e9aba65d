import Table from "cli-table3";
import { expect, it } from "vitest";
import { commandTable } from "../../../bench/alone/command.ts";

it("reads the figures of each command out of the table that splunk.ts prints", () => {
  const table = new Table({ head: ["command", "seconds", "MB/s", "rows/s", "peak RSS (MB)", "start to getinfo (ms)"] });
  table.push(["ours, by parts", "0.16", "308", "126,908", "20.1", "45"], ["an sdk==2.1", "0.99", "1", "20,104", "1,048.7", "453"]);
  const taken = commandTable(`2 cores; 20000 rows; medians\n${table}\n`);
  expect(Object.fromEntries(Object.entries(taken).map(([name, { figures }]) => [name, figures]))).toEqual({
    "ours, by parts": { "MB/s": 308, "peak MB": 20.1, "getinfo ms": 45 },
    "an sdk==2.1": { "MB/s": 1, "peak MB": 1048.7, "getinfo ms": 453 },
  });
  expect(commandTable("no table")).toEqual({});
});
