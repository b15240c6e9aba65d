import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectJupyter, type JupyterClient } from "../../server/jupyter/client.ts";
import { notebook } from "./jupyter/running.ts";
import { contentWith, type TestBridge, testBridge } from "./support/bridge.ts";

let test: TestBridge;
let client: JupyterClient;
beforeAll(async () => {
  const jupyter = process.env.BRIDGE_JUPYTER ?? join(import.meta.dirname, "../../.python/jupyter/bin/jupyter");
  test = await testBridge({ BRIDGE_JUPYTER: jupyter, BRIDGE_JUPYTER_PORT: "0" });
  const { port, token } = test.bridge.jupyter as { port: number; token: string };
  client = connectJupyter(`http://127.0.0.1:${port}`, token);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await test[Symbol.asyncDispose]();
});

/** Notes each import, and says a value. */
const saying = (value: string) => [
  `with open("imports-of-said", "a") as file:\n    file.write("${value}\\n")`,
  `def apply(model, df, param):\n    return df.assign(said="${value}")`,
];
const imports = async () => (await readFile(join(test.home, "notebooks/imports-of-said"), "utf8")).split("\n").filter(Boolean);
const said = async () =>
  (await (await test.compute({ algorithm: "said", method: "apply" }, "a\n1\n")).text()).split("\n")[1]?.split(",")[1];
const versions = () => readdir(join(test.home, "app/model/.versions/said"));
const unfinished = async () => (await versions()).filter((each) => each.startsWith("."));
/** Kernels know it, as JupyterLab does. */
const socketOfSaves = async () => {
  await client.createNotebook("asking.ipynb", notebook("import os\nprint(os.environ['BRIDGE_SAVES_SOCKET'])") as never);
  let text = "";
  await client.execute("asking.ipynb", undefined, ({ output }) => {
    text += output.text ?? "";
  });
  return text.trim();
};
const save = async (content: ReturnType<typeof contentWith>) => {
  const { hash } = await client.open("said.ipynb");
  await client.save("said.ipynb", content as never, { ifHash: hash });
};

describe("a notebook that is saved in JupyterLab", () => {
  it("is what the next call runs, and is imported once a save", async () => {
    await client.createNotebook("said.ipynb", contentWith(saying("v0")) as never);
    expect(await said()).toBe("v0");
    for (const value of ["v1", "v2", "v3"]) {
      await save(contentWith(saying(value)));
      expect(await said()).toBe(value);
    }
    expect(await imports()).toEqual(["v0", "v1", "v2", "v3"]);
  });

  it("stays as it is when outputs change alone", async () => {
    const content = contentWith(saying("v4"));
    await save(content);
    expect(await said()).toBe("v4");
    Object.assign(content.cells[0] as object, { execution_count: 2 });
    await save(content);
    expect(await said()).toBe("v4");
    expect((await imports()).at(-1)).toBe("v4");
  });

  it("has its version written when it is announced, of which nothing runs before it is saved", async () => {
    const content = contentWith(saying("v5"));
    const file = join(test.home, "notebooks/said.ipynb");
    const connection = connect(await socketOfSaves());
    connection.write(`${JSON.stringify({ path: file, notebook: content })}\n`);
    await expect.poll(unfinished, { timeout: 9000 }).toHaveLength(1);
    expect(await said()).toBe("v4");
    await test.save("said.ipynb", saying("v5"));
    expect(await said()).toBe("v5");
    expect(await imports()).toEqual(["v0", "v1", "v2", "v3", "v4", "v5"]);
    connection.destroy();
  });

  it("leaves nothing unfinished behind", async () => {
    expect(await unfinished()).toEqual([]);
    expect(await versions()).toHaveLength(6);
  });
});
