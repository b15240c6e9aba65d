import { describe, expect, it, vi } from "vitest";
import type { Problem } from "#contract/problem.ts";
import type { Exported } from "../../../notebook-exporter/export.ts";
import { Ahead } from "../../../server/compute/ahead.ts";
import type { Import } from "../../../server/compute/import.ts";

const error: Problem = { severity: "error", code: "syntax", message: "It is no Python.", hint: "Mend it." };

/** Exports whose files are the notebook's, and what became of the versions that were written. */
function recorded() {
  const written: string[] = [];
  const exporting = async (path: string, notebook: unknown): Promise<Exported> => {
    const { needs = [], problems = [] } = notebook as { needs?: string[]; problems?: Problem[] };
    return { manifest: { name: path } as never, files: {}, needs, problems, content: "c" };
  };
  const ahead = new Ahead({
    export: exporting,
    async write({ manifest }) {
      const at = written.push(`${manifest.name} is written`) - 1;
      return {
        place: async () => ({ folder: "", isNew: true, durable: Promise.resolve() }),
        async discard() {
          written[at] = `${manifest.name} is thrown away`;
        },
      };
    },
    async run(manifest, version) {
      written.push(`${manifest.name} runs`);
      return { ...(await version.place()), import: {} as Import };
    },
    undo: async (manifest) => void written.push(`${manifest.name} is undone`),
  });
  return { ahead, written };
}

describe("what is made ahead", () => {
  it("is given for the very reading, once", async () => {
    const { ahead, written } = recorded();
    const reading = {};
    ahead.begin("a", reading);
    expect(await ahead.take("a", {})).toBeUndefined();
    expect(await ahead.take("b", reading)).toBeUndefined();
    expect(await ahead.take("a", reading)).toMatchObject({ exported: { content: "c" } });
    expect(await ahead.take("a", reading)).toBeUndefined();
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
    expect(await ahead.take("b", second)).toBeUndefined();
    expect(await ahead.take("a", first)).toBeDefined();
    ahead.begin("b", second);
    expect(await ahead.take("b", second)).toBeDefined();
    expect(written).toEqual(["a is written", "b is written"]);
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
    expect(await ahead.take("a", needing)).toBeUndefined();
    ahead.begin("b", failing);
    expect(await ahead.take("b", failing)).toMatchObject({ exported: { problems: [error] }, version: undefined });
    expect(written).toEqual([]);
  });
});

/** A notebook as a hook tells of it: another object each time. */
const notebook = (source: string, id = "a") => ({
  nbformat: 4,
  metadata: {},
  cells: [{ cell_type: "code", id, metadata: { tags: ["export"] }, source }],
});

describe("what was announced", () => {
  it("runs before it is there, and is known by what it holds", async () => {
    const { ahead, written } = recorded();
    ahead.announce("a", notebook("x = 1"));
    await expect.poll(() => written).toEqual(["a is written", "a runs"]);
    expect(ahead.begin("a", notebook("x = 2"))).toBe(false);
    expect(ahead.begin("a", notebook("x = 1", "b"))).toBe(false);
    expect(ahead.begin("a", { ...notebook("x = 1"), nbformat_minor: 5 })).toBe(true);
    expect(await ahead.take("a", notebook("x = 2"))).toBeUndefined();
    expect(await ahead.take("a", notebook("x = 1"))).toMatchObject({ running: { folder: "" }, version: undefined });
    expect(await ahead.take("a", notebook("x = 1"))).toBeUndefined();
    await ahead.drop("a");
    expect(written).toEqual(["a is written", "a runs"]);
  });

  it("stays while other readings come to nothing, and is undone when its own does", async () => {
    const { ahead, written } = recorded();
    ahead.announce("a", notebook("x = 1"));
    await ahead.over("a", null);
    await ahead.over("a", notebook("x = 2"));
    await expect.poll(() => written).toEqual(["a is written", "a runs"]);
    await ahead.over("a", notebook("x = 1"));
    expect(written).toEqual(["a is written", "a runs", "a is undone"]);
  });

  it("is undone when another is announced, which is not begun until that is done", async () => {
    const { ahead, written } = recorded();
    ahead.announce("a", notebook("x = 1"));
    await expect.poll(() => written).toContain("a runs");
    ahead.announce("a", notebook("x = 2"));
    await expect.poll(() => written).toContain("a is undone");
    expect(await ahead.take("a", notebook("x = 2"))).toBeUndefined();
    ahead.announce("a", notebook("x = 3"));
    expect(await ahead.take("a", notebook("x = 3"))).toBeDefined();
  });

  it("is undone when nothing is saved for five seconds, and when all is closed", async () => {
    vi.useFakeTimers();
    try {
      const { ahead, written } = recorded();
      ahead.announce("a", notebook("x = 1"));
      await vi.advanceTimersByTimeAsync(4_999);
      expect(written).toEqual(["a is written", "a runs"]);
      await vi.advanceTimersByTimeAsync(1);
      expect(written.at(-1)).toBe("a is undone");
      ahead.announce("b", notebook("x = 1"));
      await ahead.close();
      expect(written.at(-1)).toBe("b is undone");
    } finally {
      vi.useRealTimers();
    }
  });

  it("is nothing where it cannot be read", async () => {
    const { ahead, written } = recorded();
    ahead.announce("a", { cells: 1 });
    expect(await ahead.take("a", { cells: 1 })).toBeUndefined();
    expect(written).toEqual([]);
  });
});
