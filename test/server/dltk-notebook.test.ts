import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectJupyter } from "../../server/jupyter/client.ts";
import { dltkToken } from "../../server/plugins/tokens.ts";
import { saveNotebook, type TestBridge, testBridge } from "./support/bridge.ts";
import { bridgeProcess } from "./support/bridge-process.ts";
import { calledAt, dltkApp, echo, metaOf as meta, notebookOf } from "./support/dltk.ts";
import { recorder } from "./support/recorder.ts";

// Deployments' notebooks, between DLTK's app and JupyterLab (contracts, section 3).
let test: TestBridge;
let token: string;
const csv = "a,b\n1,x\n2,y\n";
const at = (path: string) => `${test.bridge.url}/dltk/${token}/${path}`;
const said = (path: string, body: unknown) => calledAt(at(path), body);

beforeAll(async () => {
  const jupyter = process.env.BRIDGE_JUPYTER ?? join(import.meta.dirname, "../../.python/jupyter/bin/jupyter");
  test = await testBridge({ BRIDGE_JUPYTER: jupyter, BRIDGE_JUPYTER_PORT: "0" });
  token = await dltkToken(test.home);
  await test.save("echo.ipynb", echo);
});
afterAll(() => test[Symbol.asyncDispose]());

describe("the notebook", () => {
  const put = (name: string, version: number | string, body: string) =>
    fetch(at(`${name}/notebook`), {
      method: "PUT",
      body,
      headers: { "x-notebook-version": `${version}`, "content-type": "application/octet-stream" },
    });
  const get = async (name: string) => {
    const answer = await fetch(at(`${name}/notebook`));
    return { status: answer.status, version: answer.headers.get("x-notebook-version"), text: await answer.text() };
  };
  const edit = async (path: string, source: string) => {
    const { port, token: jupyterToken } = test.bridge.jupyter as { port: number; token: string };
    using client = connectJupyter(`http://127.0.0.1:${port}`, jupyterToken);
    const { content, hash } = await client.open(path);
    const [first] = content.cells;
    if (first) first.source = source;
    await client.save(path, content, { ifHash: hash });
  };

  it("is empty and without a version when there is none, and then n + 1 of what was sent", async () => {
    expect(await get("fresh one")).toEqual({ status: 200, version: null, text: "" });
    const answer = await put("fresh one", 4, notebookOf(echo));
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(await answer.text()).toBe(await readFile(join(test.home, "app/model/fresh one.py"), "utf8"));
    expect(await said("fresh%20one/fit", { data: csv, meta: meta() })).toMatchObject({ results: csv });
    const { version, text } = await get("fresh one");
    expect(version).toBe("5");
    expect(JSON.parse(text).cells.length).toBe(echo.length);
  });

  it("counts each save in JupyterLab, outputs and prose too, and of other editors", async () => {
    await put("counted", 1, notebookOf(echo));
    await edit("counted.ipynb", "a = 1");
    await expect.poll(async () => (await get("counted")).version).toBe("3");
    const live = async () => ((await (await test.ask("/v1/algorithms/counted")).json()) as { live: string }).live;
    const before = await live();
    await edit("counted.ipynb", "a = 2");
    await expect.poll(live).not.toBe(before); // one that another save overtakes is not counted
    await edit("counted.ipynb", "a = 3");
    await expect.poll(async () => (await get("counted")).version).toBe("5");
    await test.save("counted.ipynb", recorder);
    expect((await get("counted")).version).toBe("6");
    expect((await get("counted")).version).toBe("6");
  });

  it("counts from 1 where nobody asked before", async () => {
    expect((await get("echo")).version).toBe("1");
  });

  it("is not written over a save that the client has not seen, nor by an older version", async () => {
    await put("shared", 1, notebookOf(echo));
    await edit("shared.ipynb", "edited = True");
    const late = await put("shared", 9, notebookOf(recorder));
    expect([late.status, await late.text()]).toEqual([409, expect.stringContaining("version 3 now")]);
    expect(late.statusText).toContain("saved here meanwhile");
    expect((await get("shared")).text).toContain("edited = True");
    expect((await put("shared", 2, notebookOf(recorder))).status).toBe(409);
    expect((await put("shared", 9, notebookOf(recorder))).status).toBe(200);
    expect((await get("shared")).version).toBe("10");
    const [kept] = (await readdir(join(test.home, "notebooks/.replaced"))).filter((each) => each.startsWith("shared 3 "));
    expect(await readFile(join(test.home, "notebooks/.replaced", kept ?? ""), "utf8")).toContain("edited = True");
  });

  it("may be sent again when the answer was lost", async () => {
    const text = notebookOf(echo);
    for (let time = 0; time < 3; time++) expect((await put("again", 7, text)).status).toBe(200);
    expect((await get("again")).version).toBe("8");
    expect((await put("again", 8, notebookOf(recorder))).status).toBe(200);
    expect((await get("again")).version).toBe("9");
  });

  it("wants a version, and a notebook", async () => {
    const body = notebookOf(echo);
    const missing = await fetch(at("none/notebook"), { method: "PUT", body });
    expect([missing.status, await missing.text()]).toEqual([500, expect.stringContaining("X-Notebook-Version is missing")]);
    expect((await put("none", "two", body)).status).toBe(500);
    for (const wrong of ["", "{", "[]", "{}", '{"cells":[],"metadata":{},"nbformat":3}', "\u0000"]) {
      const answer = await put("none", 1, wrong);
      expect([answer.status, answer.headers.get("content-type")], wrong).toEqual([400, "text/plain; charset=utf-8"]);
    }
    expect((await get("none")).version).toBeNull();
  });

  it("is stored although it cannot run, and says at which cell", async () => {
    const answer = await put("broken", 1, notebookOf(["def fit(model, df, param):\n    return (", ...echo.slice(1)]));
    const text = await answer.text();
    expect([answer.status, text]).toEqual([200, expect.stringMatching(/^# Not live: broken\.ipynb cell 1 line \d/)]);
    expect(text).toContain("return (");
    expect((await get("broken")).version).toBe("2");
  });

  it("is found by its title, and in folders", async () => {
    await test.save("deep/folder/titled.ipynb", echo, { title: "My Algorithm" });
    expect(await said("titled/fit", { data: csv, meta: meta() })).toMatchObject({ status: "success" });
    expect((await get("My%20Algorithm")).version).toBe("1");
    expect((await put("MY%20algorithm", 5, notebookOf(recorder))).status).toBe(200);
    expect((await get("titled")).version).toBe("6");
    expect(await readdir(join(test.home, "notebooks/deep/folder"))).toContain("titled.ipynb");
  });
});

it("serves DLTK's app from the first deployment to the last edit", async () => {
  await using app = await dltkApp(at("story/"));
  const search = {
    algorithm: "Story",
    environment: "Docker",
    fields: "id,name",
    feature_variables: "id,name",
    target_variables: "id",
    model_name: "m1",
  };
  const rows = [
    { id: "1", name: "x,y" },
    { id: "2", name: 'q"q' },
  ];
  await app.edit(notebookOf(recorder), 3);
  expect(await app.sync()).toMatchObject({ did: "sent", python: expect.stringContaining("def fit(model, df, param)") });
  expect(await app.sync()).toEqual({ did: "took", version: 4 });
  expect(await app.sync()).toEqual({ did: "nothing", version: 4 });

  const fitted = await app.search("fit", search, rows);
  expect(fitted.events, fitted.error).toContain("save:story_m1");
  expect(fitted.events).toContain('""feature_variables"": [""id"", ""name""]');
  expect(fitted.events).toContain("id,name,added");
  expect((await app.search("apply", search, rows)).events).toContain("summary(model),apply");
  const { events, type } = await app.search("summary", search);
  const [{ summary }] = events as [{ summary: string }];
  expect([type, JSON.parse(summary).model_summary]).toEqual(["text/html; charset=utf-8", { version: "1.0", half: 1, nan: null }]);

  const { port, token: jupyterToken } = test.bridge.jupyter as { port: number; token: string };
  using lab = connectJupyter(`http://127.0.0.1:${port}`, jupyterToken);
  const opened = await lab.open("story.ipynb");
  const [first] = opened.content.cells;
  if (first) first.source = `${recorder[0]}\n# edited in JupyterLab`;
  await lab.save("story.ipynb", opened.content, { ifHash: opened.hash });
  expect(await app.sync()).toEqual({ did: "took", version: 5 });
  const { code, version } = await app.algorithm();
  expect(code).toContain("edited in JupyterLab");

  await app.edit(code.replace("edited in JupyterLab", "edited in Splunk"), version + 1);
  expect(await app.sync()).toMatchObject({ did: "sent", version: 6, python: expect.stringContaining("# edited in Splunk") });
  expect(await app.sync()).toEqual({ did: "took", version: 7 });
  expect((await app.search("fit", { ...search, mode: "stage" }, rows)).events).toEqual([]);
  expect((await app.search("fit", { ...search, fields: "id" }, rows)).error).toBeUndefined();
});

it("tells DLTK's app of a wrong address", async () => {
  await using app = await dltkApp(`${test.bridge.url}/dltk/wrong/`);
  expect(await app.sync()).toEqual({ did: "waits", code: 404 });
  expect((await app.search("fit", { fields: "a" }, [{ a: "1" }])).error).toContain(
    "HTTP Error 404: There is no deployment at this address",
  );
});

it("writes by itself where JupyterLab does not run, and goes on counting after a restart", async () => {
  const home = await mkdtemp(join(tmpdir(), "bridge-"));
  try {
    const secret = await dltkToken(home);
    {
      await using plain = await bridgeProcess(home);
      await using app = await dltkApp(`${plain.url}/dltk/${secret}/`);
      await app.edit(notebookOf(echo), 1);
      expect(await app.sync()).toMatchObject({ did: "sent" });
      expect(await app.sync()).toEqual({ did: "took", version: 2 });
      expect((await app.search("fit", { fields: "a,b" }, [{ a: "1", b: "x" }])).events).toBe("a,b\n1,x\n");
    }
    await saveNotebook(join(home, "notebooks/notebook.ipynb"), recorder);
    await using plain = await bridgeProcess(home);
    await using app = await dltkApp(`${plain.url}/dltk/${secret}/`);
    await app.edit("old", 2);
    expect(await app.sync()).toEqual({ did: "took", version: 3 });
    await app.edit(notebookOf(echo), 4);
    expect(await app.sync()).toMatchObject({ did: "sent" });
    expect(await app.sync()).toEqual({ did: "took", version: 5 });
    expect(plain.logged()).toContain("takes the place of an edit made here");
    expect((await readdir(join(home, "notebooks"))).sort()).toEqual([".replaced", "data", "notebook.ipynb"]);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
