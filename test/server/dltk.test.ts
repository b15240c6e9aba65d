import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectJupyter } from "../../server/jupyter/client.ts";
import { dltkToken } from "../../server/plugins/tokens.ts";
import { saveNotebook, type TestBridge, testBridge } from "./support/bridge.ts";
import { bridgeProcess } from "./support/bridge-process.ts";
import { dltkApp } from "./support/dltk.ts";
import { recorder } from "./support/recorder.ts";

// The contract of DLTK 4's containers, section 3, row by row, on a running server with JupyterLab.
let test: TestBridge;
let token: string;
const csv = "a,b\n1,x\n2,y\n";
const JSON_TYPE = { "content-type": "application/json" };
const at = (path: string) => `${test.bridge.url}/dltk/${token}/${path}`;
const meta = (params: object = {}, more: object = {}) => ({ options: { params: { algo: "notebook", ...params }, ...more } });

beforeAll(async () => {
  const jupyter = process.env.BRIDGE_JUPYTER ?? join(import.meta.dirname, "../../.python/jupyter/bin/jupyter");
  test = await testBridge({ BRIDGE_JUPYTER: jupyter, BRIDGE_JUPYTER_PORT: "0" });
  token = await dltkToken(test.home);
  await test.save("notebook.ipynb", recorder);
  await test.save("echo.ipynb", echo());
  await test.save("bad_fit.ipynb", failing("fit"));
  await test.save("bad_apply.ipynb", failing("apply"));
});
afterAll(() => test[Symbol.asyncDispose]());

describe("/fit and /apply", () => {
  it("answer DLTK's JSON as HTML, of the module notebook unless algo names another", async () => {
    const answer = await post("fit", { data: csv, meta: { options: { params: {} } } });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(await answer.json()).toMatchObject({
      status: "success",
      message: "/fit done successfully",
      results: expect.stringContaining("save:notebook_default"),
    });
    expect(await said("fit", { data: csv, meta: meta({ algo: '"echo"' }) })).toEqual({
      status: "success",
      message: "/fit done successfully",
      results: csv,
    });
    expect(await said("apply", { data: csv, meta: meta({ algo: "echo", mode: "any" }) })).toMatchObject({
      status: "success",
      results: csv,
    });
  });

  it("run the algorithm of the address for the names that DLTK's clients send, and another where it is named", async () => {
    for (const algo of ["notebook", "algo", "echo"]) {
      expect(await said("echo/fit", { data: csv, meta: meta({ algo }) }), algo).toMatchObject({ results: csv });
    }
    expect((await said("echo/fit", { data: csv, meta: meta({ algo: "bad_fit" }) })).message).toContain("unable to fit model");
    expect((await said("nowhere/fit", { data: csv, meta: meta() })).message).toBe(
      "/fit: ERROR: unable to load algo code from module. Ended with exception: No module named 'app.model.nowhere'",
    );
  });

  it.each([["text/plain"], ["text/csv; charset=utf-8"], ["application/octet-stream"], [undefined]])(
    "want JSON that is called JSON, not %s",
    async (type) => {
      for (const method of ["fit", "apply"]) {
        const body = Buffer.from(JSON.stringify({ data: csv, meta: meta() }));
        const answer = await fetch(at(method), { method: "POST", body, headers: type === undefined ? {} : { "content-type": type } });
        const { status, message } = (await answer.json()) as Said;
        expect([answer.status, status]).toEqual([200, "error"]);
        expect(message).toMatch(
          new RegExp(`^/${method}: ERROR: unable to parse json from POST data.*Ended with exception: 415 Unsupported Media Type`),
        );
      }
    },
  );

  it.each([["application/json; charset=utf-8"], ["APPLICATION/JSON"], ["application/vnd.x+json"]])("take %s", async (type) => {
    const answer = await fetch(at("fit"), {
      method: "POST",
      body: JSON.stringify({ data: csv, meta: meta() }),
      headers: { "content-type": type },
    });
    expect(await answer.json()).toMatchObject({ status: "success" });
  });

  it("tell the whole traceback of fit(), and of nothing else", async () => {
    const { message } = await said("bad_fit/fit", { data: csv, meta: meta() });
    expect(message).toMatch(/^\/fit: ERROR: unable to fit model\. Ended with exception: Traceback \(most recent call last\):\n/);
    expect(message).toMatch(/in fit\n.*KeyError: 'fit-key'\n?$/s);
    expect((await said("bad_apply/fit", { data: csv, meta: meta() })).message).toBe(
      "/fit: ERROR: unable to apply model. Ended with exception: 'apply-key'",
    );
  });

  it("stage into the notebooks' data, and know no other mode", async () => {
    expect(await said("fit", { data: csv, meta: meta({ mode: '"stage"' }, { model_name: "rows" }) })).toEqual({
      status: "staged",
      message: "Model data staged successfully in /srv/notebooks/data/rows.csv - no model was built yet.",
    });
    expect(await readFile(join(test.home, "notebooks/data/rows.csv"), "utf8")).toBe(csv);
    for (const mode of ["fit", "STAGE", ""]) {
      expect(await said("fit", { data: csv, meta: meta({ mode }) })).toEqual({
        status: "error",
        message: expect.stringMatching(/^\/fit: ERROR: unable stage dataframe\. Ended with exception: .*'path'/),
      });
    }
  });

  it("take any environment for the default one", async () => {
    for (const environment of ["Docker", "my cluster"])
      expect(await said("fit", { data: csv, meta: meta({ environment }) })).toMatchObject({ status: "success" });
  });
});

it("/summary and / are plain JSON without a token, of the last model of that deployment", async () => {
  await said("notebook/fit", { data: csv, meta: meta() });
  for (const url of ["notebook/summary", "notebook/"]) {
    const answer = await fetch(at(url), { headers: JSON_TYPE });
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await answer.json()).toEqual({
      app: expect.any(String),
      version: expect.any(String),
      model: "{'columns': ['a', 'b'], 'fitted': True}",
      model_summary: { version: "1.0", half: 1, nan: null },
    });
  }
  expect(await (await fetch(at("other/"))).json()).toEqual({
    app: expect.any(String),
    version: expect.any(String),
    model: "no model exists",
  });
});

describe("the token in the path", () => {
  it("is the only thing that opens these addresses, and opens nothing else", async () => {
    const bearer = { authorization: `Bearer ${test.bridge.token}` };
    for (const [wrong, headers] of [[`${token}x`], [token.slice(1)], ["fit"], [test.bridge.token], ["%20"], ["x", bearer]] as [
      string,
      Record<string, string>?,
    ][]) {
      for (const path of ["", "summary", "notebook", "echo/notebook", "nowhere/at/all"]) {
        const answer = await fetch(`${test.bridge.url}/dltk/${wrong}/${path}`, { headers: headers ?? {} });
        expect([answer.status, await answer.text()], `${wrong} ${path}`).toEqual([404, expect.stringContaining("bridge token --dltk")]);
      }
      const put = await fetch(`${test.bridge.url}/dltk/${wrong}/evil/notebook`, {
        method: "PUT",
        body: notebook(recorder),
        headers: { "x-notebook-version": "1" },
      });
      expect([put.status, put.statusText]).toEqual([404, expect.stringContaining("the token in its path is wrong")]);
    }
    expect(await readdir(join(test.home, "notebooks"))).not.toContain("evil.ipynb");
    expect((await test.ask(`/v1/runs`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
    expect((await fetch(`${test.bridge.url}/v1/runs?dltk=/dltk/${token}/`)).status).toBe(401);
    expect(await (await test.ask("/metrics")).text()).toMatch(/compute_dltk_refused_total [1-9]/);
  });

  it("may come and go while the bridge runs", async () => {
    const file = join(test.home, ".bridge/dltk-token");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, "utf8");
    await rm(file);
    expect((await fetch(at(""))).status).toBe(404);
    expect((await fetch(`${test.bridge.url}/dltk//`)).status).toBe(404);
    await writeFile(file, text, { mode: 0o600 });
    expect((await fetch(at(""))).status).toBe(200);
  });

  it.each([
    ["GET", "fit", 405],
    ["DELETE", "notebook", 405],
    ["GET", "echo/nowhere/", 404],
    ["GET", "..%2Fx/notebook", 404],
    ["GET", ".hidden/notebook", 404],
    ["GET", `${"%F0%9F%A6%8A".repeat(100)}/notebook`, 404],
    ["GET", "echo", 404],
  ])("%s %s is %i, in plain words", async (method, path, status) => {
    const answer = await fetch(at(path), { method });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "text/plain; charset=utf-8"]);
    expect(await answer.text()).not.toContain(token);
  });

  it("is in no description, no run and no metric", async () => {
    await said("fit", { data: csv, meta: meta() });
    for (const path of ["/openapi.json", "/v1/runs", "/metrics", "/v1/algorithms"]) {
      expect(await (await test.ask(path)).text(), path).not.toContain(token);
    }
    expect(await (await test.ask("/v1/runs?limit=1")).json()).toMatchObject([{ caller: "dltk", method: "fit", algorithm: "notebook" }]);
  });

  it("is never logged, whatever the level and however a request ends", async () => {
    await using bridge = await bridgeProcess();
    const secret = await dltkToken(bridge.home);
    const own = `${bridge.url}/dltk/${secret}`;
    const body = JSON.stringify({ data: csv, meta: meta() });
    for (const url of [`${own}/fit`, `${own}/a/apply`, `${own}/fit?x=%ZZ`, `${own}/%ZZ`, own, `${own}x/fit`]) {
      await fetch(url, { method: "POST", body, headers: JSON_TYPE });
    }
    const put = (version: string | undefined, text: string) =>
      fetch(`${own}/notebook`, { method: "PUT", body: text, headers: version === undefined ? {} : { "x-notebook-version": version } });
    for (const [version, text] of [
      ["1", notebook(recorder)],
      ["0", notebook(echo())],
      ["1", "{"],
      [undefined, "{}"],
    ] as const)
      await put(version, text);
    for (const path of ["summary", "notebook", "", "nowhere/x", "%ZZ"]) await fetch(`${own}/${path}`);
    for (const broken of ["no header at all\r\n\r\n", "content-length: nonsense\r\n\r\n", "transfer-encoding: chunked\r\n\r\nxyz\r\n"])
      await raw(bridge.url, `PUT /dltk/${secret}/notebook HTTP/1.1\r\nhost: x\r\n${broken}`);
    const cut = connect(Number(new URL(bridge.url).port), "127.0.0.1");
    cut.write(`POST /dltk/${secret}/fit HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"data"`, () =>
      cut.destroy(),
    );
    await expect.poll(() => bridge.logged()).toContain("client error");
    expect(bridge.logged()).toContain("a version went live");
    expect(bridge.logged()).toContain("requests to addresses of DLTK were refused");
    expect(bridge.logged()).not.toContain(secret);
    expect(bridge.logged()).not.toContain([...Buffer.from(secret)].slice(0, 8).join(","));
    expect(bridge.logged()).not.toContain(Buffer.from(secret).toString("hex").slice(0, 16));
  });
});

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
    const answer = await put("fresh one", 4, notebook(echo()));
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(await answer.text()).toBe(await readFile(join(test.home, "app/model/fresh one.py"), "utf8"));
    expect(await said("fresh%20one/fit", { data: csv, meta: meta() })).toMatchObject({ results: csv });
    const { version, text } = await get("fresh one");
    expect(version).toBe("5");
    expect(JSON.parse(text).cells.length).toBe(echo().length);
  });

  it("counts each save in JupyterLab, outputs and prose too, and of other editors", async () => {
    await put("counted", 1, notebook(echo()));
    await edit("counted.ipynb", "a = 1");
    await expect.poll(async () => (await get("counted")).version).toBe("3");
    await edit("counted.ipynb", "a = 2");
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
    await put("shared", 1, notebook(echo()));
    await edit("shared.ipynb", "edited = True");
    const late = await put("shared", 9, notebook(recorder));
    expect([late.status, await late.text()]).toEqual([409, expect.stringContaining("version 3 now")]);
    expect(late.statusText).toContain("saved here meanwhile");
    expect((await get("shared")).text).toContain("edited = True");
    expect((await put("shared", 2, notebook(recorder))).status).toBe(409);
    expect((await put("shared", 9, notebook(recorder))).status).toBe(200);
    expect((await get("shared")).version).toBe("10");
    const [kept] = (await readdir(join(test.home, "notebooks/.replaced"))).filter((each) => each.startsWith("shared 3 "));
    expect(await readFile(join(test.home, "notebooks/.replaced", kept ?? ""), "utf8")).toContain("edited = True");
  });

  it("may be sent again when the answer was lost", async () => {
    const text = notebook(echo());
    for (let time = 0; time < 3; time++) expect((await put("again", 7, text)).status).toBe(200);
    expect((await get("again")).version).toBe("8");
    expect((await put("again", 8, notebook(recorder))).status).toBe(200);
    expect((await get("again")).version).toBe("9");
  });

  it("wants a version, and a notebook", async () => {
    const body = notebook(echo());
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
    const answer = await put("broken", 1, notebook(["def fit(model, df, param):\n    return (", ...echo().slice(1)]));
    const text = await answer.text();
    expect([answer.status, text]).toEqual([200, expect.stringMatching(/^# Not live: broken\.ipynb cell 1 line \d/)]);
    expect(text).toContain("return (");
    expect((await get("broken")).version).toBe("2");
  });

  it("is found by its title, and in folders", async () => {
    await test.save("deep/folder/titled.ipynb", echo(), { title: "My Algorithm" });
    expect(await said("titled/fit", { data: csv, meta: meta() })).toMatchObject({ status: "success" });
    expect((await get("My%20Algorithm")).version).toBe("1");
    expect((await put("MY%20algorithm", 5, notebook(recorder))).status).toBe(200);
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
  await app.edit(notebook(recorder), 3);
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
      await app.edit(notebook(echo()), 1);
      expect(await app.sync()).toMatchObject({ did: "sent" });
      expect(await app.sync()).toEqual({ did: "took", version: 2 });
      expect((await app.search("fit", { fields: "a,b" }, [{ a: "1", b: "x" }])).events).toBe("a,b\n1,x\n");
    }
    await saveNotebook(join(home, "notebooks/notebook.ipynb"), recorder);
    await using plain = await bridgeProcess(home);
    await using app = await dltkApp(`${plain.url}/dltk/${secret}/`);
    await app.edit("old", 2);
    expect(await app.sync()).toEqual({ did: "took", version: 3 });
    await app.edit(notebook(echo()), 4);
    expect(await app.sync()).toMatchObject({ did: "sent" });
    expect(await app.sync()).toEqual({ did: "took", version: 5 });
    expect(plain.logged()).toContain("takes the place of an edit made here");
    expect((await readdir(join(home, "notebooks"))).sort()).toEqual([".replaced", "data", "notebook.ipynb"]);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

describe("the environments of old searches", () => {
  it("are the default one under any of its names, and an error that lists what there is under another", async () => {
    for (const environment of ["Docker", "docker_local", "Kubernetes", "local", "default", "", " OpenShift "]) {
      const answer = await test.compute({ algorithm: "echo", method: "fit", environment }, csv);
      expect([environment, answer.status]).toEqual([environment, 200]);
    }
    const unknown = await test.compute({ algorithm: "echo", method: "fit", environment: "ray" }, csv);
    expect([unknown.status, await unknown.json()]).toEqual([
      404,
      expect.objectContaining({ detail: 'There is no environment named "ray".', hint: expect.stringContaining("local") }),
    ]);
  });

  it("may stand in a notebook; one that is not here is a problem at save", async () => {
    await test.save("dockered.ipynb", echo(), { environment: "Docker" });
    await test.save("rayed.ipynb", echo(), { environment: "ray" });
    expect(await said("dockered/fit", { data: csv, meta: meta() })).toMatchObject({ status: "success" });
    expect((await said("rayed/fit", { data: csv, meta: meta() })).message).toContain('There is no environment named "ray"');
    expect(await (await test.ask("/v1/algorithms/rayed")).json()).toMatchObject({ state: "failing", live: null });
  });
});

interface Said {
  readonly status: string;
  readonly message: string;
  readonly results?: string;
}

function post(path: string, body: unknown): Promise<Response> {
  return fetch(at(path), { method: "POST", body: JSON.stringify(body), headers: JSON_TYPE });
}

async function said(path: string, body: unknown): Promise<Said> {
  return (await (await post(path, body)).json()) as Said;
}

function failing(entry: string): string[] {
  return recorder.map((cell) => (cell.includes(`def ${entry}(`) ? `${cell.split("\n")[0]}\n    return {}["${entry}-key"]` : cell));
}

function echo(): string[] {
  return recorder.map((cell) =>
    cell.includes("def apply") ? "def apply(model, df, param):\n    return df.drop(columns='added', errors='ignore')" : cell,
  );
}

function notebook(cells: readonly string[]): string {
  return JSON.stringify({
    cells: cells.map((source, index) => ({
      ...{ cell_type: "code", id: `cell${index + 1}`, metadata: { name: `dltk_${index + 1}` } },
      ...{ source, outputs: [], execution_count: null },
    })),
    metadata: { language_info: { name: "python" }, kernelspec: { name: "python3", language: "python", display_name: "Python 3" } },
    nbformat: 4,
    nbformat_minor: 5,
  });
}

/** Sends bytes and reads until the server closes. */
function raw(url: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.end(text));
    socket.setEncoding("utf8").on("data", (part: string) => {
      answer += part;
    });
    socket.on("error", () => {}).on("close", () => resolve(answer));
  });
}
