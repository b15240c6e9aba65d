import { describe, expect, it, vi } from "vitest";
import type { Problem } from "#contract/problem.ts";
import type { Exported } from "../../../notebook-exporter/export.ts";
import { Ahead } from "../../../server/compute/ahead.ts";

const error: Problem = { severity: "error", code: "syntax", message: "It is no Python.", hint: "Mend it." };

/** Exports whose files are the notebook's, and what became of the versions that were written. */
function recorded() {
  const written: string[] = [];
  const exporting = async (path: string, notebook: unknown): Promise<Exported> => {
    const { needs = [], problems = [] } = notebook as { needs?: string[]; problems?: Problem[] };
    return { manifest: { name: path } as never, files: {}, needs, problems, content: "c" };
  };
  const ahead = new Ahead(exporting, async ({ manifest }) => {
    const at = written.push(`${manifest.name} is written`) - 1;
    return {
      place: async () => ({ folder: "", durable: Promise.resolve() }),
      async discard() {
        written[at] = `${manifest.name} is thrown away`;
      },
    };
  });
  return { ahead, written };
}

const read = (notebook: unknown) => ({ notebook, content: "read" });

describe("what is made ahead", () => {
  it("is given for the very reading, once", async () => {
    const { ahead, written } = recorded();
    const reading = {};
    ahead.begin("a", reading);
    expect(await ahead.take("a", read({}))).toBeUndefined();
    expect(await ahead.take("b", read(reading))).toBeUndefined();
    expect(await ahead.take("a", read(reading))).toMatchObject({ exported: { content: "c" } });
    expect(await ahead.take("a", read(reading))).toBeUndefined();
    await ahead.drop("a");
    expect(written).toEqual(["a is written"]);
  });

  it("is thrown away when it is dropped, and when another reading follows", async () => {
    const { ahead, written } = recorded();
    const first = {};
    ahead.begin("a", first);
    await expect.poll(() => written).toEqual(["a is written"]);
    ahead.begin("a", {});
    await ahead.drop("a");
    await expect.poll(() => written).toEqual(["a is thrown away", "a is thrown away"]);
  });

  it("is made one at a time", async () => {
    const { ahead, written } = recorded();
    const [first, second] = [{}, {}];
    ahead.begin("a", first);
    ahead.begin("b", second);
    expect(await ahead.take("b", read(second))).toBeUndefined();
    expect(await ahead.take("a", read(first))).toBeDefined();
    ahead.begin("b", second);
    expect(await ahead.take("b", read(second))).toBeDefined();
    expect(written).toEqual(["a is written", "b is written"]);
  });

  it("of an announced save is given for its content, whatever is read meanwhile", async () => {
    const { ahead, written } = recorded();
    ahead.announced("a", {}, "new");
    await expect.poll(() => written).toEqual(["a is written"]);
    const torn = {};
    ahead.begin("a", torn);
    ahead.forget("a");
    expect(await ahead.take("a", read(torn))).toBeUndefined();
    expect(await ahead.take("a", { notebook: {}, content: "new" })).toMatchObject({ exported: { content: "c" } });
    expect(await ahead.take("a", { notebook: {}, content: "new" })).toBeUndefined();
    expect(written).toEqual(["a is written"]);
  });

  it("of the next save stays when one before it is decided; of that one it does not", async () => {
    const { ahead, written } = recorded();
    ahead.announced("a", {}, "next");
    await ahead.decided("a", "last");
    await expect.poll(() => written).toEqual(["a is written"]);
    await ahead.decided("a", "next");
    expect(written).toEqual(["a is thrown away"]);
    const reading = {};
    ahead.begin("a", reading);
    await ahead.decided("a", "any");
    expect(written).toEqual(["a is thrown away", "a is thrown away"]);
  });

  it("is nothing of an announced notebook that imported others the last time", async () => {
    const { ahead, written } = recorded();
    const [needing, alone] = [{ needs: ["base"] }, {}];
    ahead.announced("a", needing, "1");
    expect(await ahead.take("a", { notebook: {}, content: "1" })).toBeUndefined();
    ahead.announced("a", alone, "2");
    expect(await ahead.take("a", { notebook: {}, content: "2" })).toBeUndefined();
    ahead.begin("a", alone); // its file says that it needs none any more
    await expect.poll(() => written).toEqual(["a is written"]);
    ahead.announced("a", alone, "3");
    expect(await ahead.take("a", { notebook: {}, content: "3" })).toBeDefined();
  });

  it("of an announced save is thrown away when another content is saved, is announced, or none comes", async () => {
    const { ahead, written } = recorded();
    ahead.announced("a", {}, "new");
    expect(await ahead.take("a", { notebook: {}, content: "other" })).toBeUndefined();
    await ahead.drop("a");
    ahead.announced("a", {}, "newer");
    await expect.poll(() => written.length).toBe(2);
    vi.useFakeTimers();
    try {
      ahead.announced("a", {}, "newest");
      vi.advanceTimersByTime(60_000);
    } finally {
      vi.useRealTimers();
    }
    await expect.poll(() => written).toEqual(Array(3).fill("a is thrown away"));
    expect(await ahead.take("a", { notebook: {}, content: "newest" })).toBeUndefined();
  });

  it("is nowhere when all is closed", async () => {
    const { ahead, written } = recorded();
    ahead.begin("a", {});
    await ahead.close();
    ahead.begin("b", {});
    expect(written).toEqual(["a is thrown away"]);
  });

  it("is not what may be old by then, and no version of what does not go live", async () => {
    const { ahead, written } = recorded();
    const [needing, failing] = [{ needs: ["base"] }, { problems: [error] }];
    ahead.begin("a", needing);
    expect(await ahead.take("a", read(needing))).toBeUndefined();
    ahead.begin("b", failing);
    expect(await ahead.take("b", read(failing))).toMatchObject({ exported: { problems: [error] }, version: undefined });
    expect(written).toEqual([]);
  });
});
