import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { python } from "../runtimes/bench.ts";
import { recorder } from "../server/support/recorder.ts";

// A stand-in that behaved otherwise than DSDL would make every ratio worthless. Its answers are tested without the
// framework that carries them, which is in the peers' environment alone; the benchmark itself goes through HTTP.
const standIn = join(import.meta.dirname, "../../bench/peers/dsdl_stand_in");
const script = `
import contextlib, io, json, os, sys
sys.path[:0] = [${JSON.stringify(standIn)}, os.environ["SRV"]]
import answers
out = []
for step in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        if "write" in step:
            with open(os.path.join(os.environ["SRV"], step["write"]), "w") as file:
                file.write(step["text"])
            answer = None
        elif step["method"] == "summary":
            try:
                answer = answers.summary()
            except Exception as error:
                answer = type(error).__name__
        elif step["method"] == "refusal":
            answer = answers.refusal(step["header"], step["token"])
        else:
            answer = answers.answer(step["method"], step["body"].encode())
    out.append({"printed": printed.getvalue(), **(answer if isinstance(answer, dict) else {"said": answer})})
print(json.dumps(out))
`;

type Step =
  | { readonly write: string; readonly text: string }
  | { readonly method: "fit" | "apply"; readonly body: string }
  | { readonly method: "summary" }
  | { readonly method: "refusal"; readonly header: string | null; readonly token: string | null };

let srv = "";
beforeAll(() => {
  srv = mkdtempSync(join(tmpdir(), "stand-in-"));
  mkdirSync(join(srv, "app/model/data"), { recursive: true });
  mkdirSync(join(srv, "notebooks/data"), { recursive: true });
  writeFileSync(join(srv, "app/model/recorder.py"), recorder.join("\n\n").replaceAll("/srv/", `${srv}/`));
  writeFileSync(join(srv, "app/model/numbers.py"), recorder.join("\n\n").replaceAll("/srv/", `${srv}/`));
});
afterAll(() => rmSync(srv, { recursive: true, force: true }));

/** `said` is what is no answer of an endpoint: a refusal or a summary. */
interface Said {
  readonly said?: string | null;
  readonly status?: string;
  readonly message?: string;
  readonly results?: string;
  readonly printed: string;
}

/** What one server says to the steps. */
function answers(...steps: Step[]): Said[] {
  const env = { ...process.env, SRV: srv, PYTHONDONTWRITEBYTECODE: "1" };
  return JSON.parse(execFileSync(python, ["-c", script], { input: JSON.stringify(steps), encoding: "utf8", env })) as Said[];
}

const body = (params: object, data: unknown = "x,y\n1,a\n", options: object = {}) =>
  JSON.stringify({ data, meta: { options: { params, ...options } } });

describe("the stand-in for DSDL", () => {
  it("fits in DSDL's order, with one df and one param", () => {
    const [fitted] = answers({ method: "fit", body: body({ algo: '"recorder"' }) });
    expect(fitted).toMatchObject({ status: "success", message: "/fit done successfully" });
    expect(fitted?.results).toContain("summary,init,summary(model),fit,save:recorder_default");
    expect(fitted?.results).toContain("x,y,added");
    expect(fitted?.printed).toContain("recorder");
  });

  it("loads at each apply, and starts afresh", () => {
    const apply = { method: "apply", body: body({ algo: "recorder" }, "x\n7\n") } as const;
    const [, first, second] = answers({ method: "fit", body: body({ algo: "recorder" }) }, apply, apply);
    expect(first).toMatchObject({ status: "success", message: "/apply done successfully" });
    expect(first?.results).toContain("load:recorder_default,summary(model)");
    // The module's globals leak from call to call.
    expect(second?.results?.match(/load:recorder_default/g)).toHaveLength(2);
  });

  it("reads a changed module again only when it is fitted twice in a row", () => {
    const fitOf = (algo: string): Step => ({ method: "fit", body: body({ algo }) });
    const write = {
      write: "app/model/numbers.py",
      text: recorder.join("\n\n").replaceAll("/srv/", `${srv}/`).replace('"message": "fitted"', '"message": "anew"'),
    };
    const printed = answers(fitOf("numbers"), write, fitOf("recorder"), fitOf("numbers"), fitOf("numbers")).map((each) => each.printed);
    expect(printed.map((each) => each.includes("anew"))).toEqual([false, false, false, false, true]);
  });

  it("stages what pandas read, and the meta as it came", () => {
    const sent = body({ mode: '"stage"' }, "a,b\n007,1.50\nNA,2\n", { model_name: "kept" });
    const [staged, after] = answers({ method: "fit", body: sent }, { method: "apply", body: sent });
    expect(staged).toMatchObject({
      status: "staged",
      message: `Model data staged successfully in ${srv}/notebooks/data/kept.csv - no model was built yet.`,
    });
    expect(readFileSync(join(srv, "notebooks/data/kept.csv"), "utf8")).toBe("a,b\n7.0,1.5\n,2.0\n");
    expect(JSON.parse(readFileSync(join(srv, "notebooks/data/kept.json"), "utf8"))).toEqual(JSON.parse(sent).meta);
    expect(after?.status).toBe("error");
  });

  it("tells the last model of all users, and cannot tell a summary that JSON cannot write", () => {
    const odd = recorder.join("\n\n").replace('"version": "1.0"', '"version": {1}').replaceAll("/srv/", `${srv}/`);
    const [none, , some, , , broken] = answers(
      { method: "summary" },
      { method: "fit", body: body({ algo: "recorder" }) },
      { method: "summary" },
      { write: "app/model/odd.py", text: odd },
      { method: "fit", body: body({ algo: "odd" }) },
      { method: "summary" },
    );
    expect(JSON.parse(none?.said ?? "")).toMatchObject({ model: "no model exists", token: "valid" });
    expect(JSON.parse((some?.said ?? "").replace("NaN", "null"))).toMatchObject({
      model: "{'columns': ['x', 'y'], 'fitted': True}",
      model_summary: { version: "1.0" },
    });
    expect(broken?.said).toBe("TypeError");
  });

  it("lets in whoever sends the token, with any text around it", () => {
    const cases = [
      ["No header with token", null, "secret"],
      ["Invalid token", "", "secret"],
      ["Invalid token", "Bearer wrong", "secret"],
      ["Invalid token", "Bearer secret", null],
      [null, "Bearer secret", "secret"],
      [null, "Splunk secret", "secret"],
      [null, "secret", "secret"],
    ] as const;
    const said = answers(...cases.map(([, header, token]) => ({ method: "refusal", header, token }) as const));
    expect(said.map((each) => each.said)).toEqual(cases.map(([wanted]) => wanted));
  });

  it("tells each failure by its phase", () => {
    const cases = [
      ["apply", body({}), "unable to initialize module", "'module'"],
      ["fit", "no json", "unable to parse json from POST data", "Expecting value"],
      ["fit", "[1]", "unable to parse json from POST data", "list indices"],
      ["apply", '{"data": "a"}', "unable to parse json from POST data", "'meta'"],
      ["fit", body({ algo: "recorder" }, ""), "unable to convert raw data to pandas dataframe", "No columns to parse from file"],
      [
        "fit",
        body({ algo: "recorder" }, "a,b\n1,2\n1,2,3\n"),
        "unable to convert raw data to pandas dataframe",
        "Expected 2 fields in line 3, saw 3",
      ],
      ["fit", '{"data": "a\\n1\\n", "meta": {}}', "unable to convert raw data to pandas dataframe", "'options'"],
      ["fit", body({ mode: 1 }), "unable to stage dataframe", "object has no attribute"],
      ["fit", body({ algo: "nowhere" }), "unable to load algo code from module", "No module named 'app.model.nowhere'"],
      ["apply", body({ algo: "nowhere" }), "unable to initialize module", "No module named 'app.model.nowhere'"],
      [
        "apply",
        body({ algo: "recorder" }, "x\n1\n", { model_name: "unfitted" }),
        "unable to initialize module",
        "No such file or directory",
      ],
    ] as const;
    const said = answers(...cases.map(([method, sent]) => ({ method, body: sent })));
    for (const [at, [method, , phase, exception]] of cases.entries()) {
      expect(said[at]?.status).toBe("error");
      const [head, tail] = (said[at]?.message ?? "").split("Ended with exception: ");
      expect(head).toContain(`/${method}: ERROR: ${phase}`);
      expect(tail).toContain(exception);
    }
  });
});
