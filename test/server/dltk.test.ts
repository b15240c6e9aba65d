import { once } from "node:events";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dltkToken } from "../../server/plugins/tokens.ts";
import { type TestBridge, testBridge } from "./support/bridge.ts";
import { bridgeProcess } from "./support/bridge-process.ts";
import { calledAt, echo, metaOf as meta, notebookOf } from "./support/dltk.ts";
import { recorder } from "./support/recorder.ts";

// The contract of DLTK 4's containers, section 3, row by row, on a running server.
let test: TestBridge;
let token: string;
const csv = "a,b\n1,x\n2,y\n";
const JSON_TYPE = { "content-type": "application/json" };
const at = (path: string) => `${test.bridge.url}/dltk/${token}/${path}`;
const said = (path: string, body: unknown) => calledAt(at(path), body);

beforeAll(async () => {
  test = await testBridge();
  token = await dltkToken(test.home);
  // Answered when it is live, however long the first worker takes.
  await fetch(at("notebook"), { method: "PUT", body: notebookOf(recorder), headers: { "x-notebook-version": "1" } });
  await test.save("echo.ipynb", echo);
  await test.save("bad_fit.ipynb", failing("fit"));
  await test.save("bad_apply.ipynb", failing("apply"));
});
afterAll(() => test[Symbol.asyncDispose]());

describe("/fit and /apply", () => {
  it("answer DLTK's JSON as HTML, of the module notebook unless algo names another", async () => {
    const answer = await fetch(at("fit"), {
      method: "POST",
      body: JSON.stringify({ data: csv, meta: { options: { params: {} } } }),
      headers: JSON_TYPE,
    });
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
        const { status, message } = (await answer.json()) as { status: string; message: string };
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
        body: notebookOf(recorder),
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
      ["1", notebookOf(recorder)],
      ["0", notebookOf(echo)],
      ["1", "{"],
      [undefined, "{}"],
    ] as const)
      await put(version, text);
    for (const path of ["summary", "notebook", "", "nowhere/x", "%ZZ"]) await fetch(`${own}/${path}`);
    for (const broken of ["no header at all\r\n\r\n", "content-length: nonsense\r\n\r\n", "transfer-encoding: chunked\r\n\r\nxyz\r\n"])
      await raw(bridge.url, `PUT /dltk/${secret}/notebook HTTP/1.1\r\nhost: x\r\n${broken}`);
    const cut = connect(Number(new URL(bridge.url).port), "127.0.0.1");
    await once(cut, "connect");
    cut.write(`POST /dltk/${secret}/fit HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"data"`, () =>
      cut.destroy(),
    );
    await once(cut, "close");
    await expect.poll(() => bridge.logged()).toContain("client error");
    expect(bridge.logged()).toContain("a version went live");
    expect(bridge.logged()).toContain("requests to addresses of DLTK were refused");
    expect(bridge.logged()).not.toContain(secret);
    expect(bridge.logged()).not.toContain([...Buffer.from(secret)].slice(0, 8).join(","));
    expect(bridge.logged()).not.toContain(Buffer.from(secret).toString("hex").slice(0, 16));
  });
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
    await test.save("dockered.ipynb", echo, { environment: "Docker" });
    await test.save("rayed.ipynb", echo, { environment: "ray" });
    expect(await said("dockered/fit", { data: csv, meta: meta() })).toMatchObject({ status: "success" });
    expect((await said("rayed/fit", { data: csv, meta: meta() })).message).toContain('There is no environment named "ray"');
    expect(await (await test.ask("/v1/algorithms/rayed")).json()).toMatchObject({ state: "failing", live: null });
  });
});

function failing(entry: string): string[] {
  return recorder.map((cell) => (cell.includes(`def ${entry}(`) ? `${cell.split("\n")[0]}\n    return {}["${entry}-key"]` : cell));
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
