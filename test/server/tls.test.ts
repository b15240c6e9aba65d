import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { openAuthority } from "../../server/tls/authority.ts";
import { givenCertificate, ownCertificate } from "../../server/tls/certificate.ts";
import { type TestBridge, testBridge } from "./support/bridge.ts";

const quiet = { info() {}, warn() {}, error() {} };

describe("a bridge with TLS", () => {
  let test: TestBridge;
  let ca: string;
  beforeAll(async () => {
    test = await testBridge({ BRIDGE_TLS: "on", BRIDGE_TLS_NAMES: "bridge.example" });
    ca = await readFile(test.bridge.authority ?? "", "utf8");
  });
  afterAll(() => test[Symbol.asyncDispose]());

  const ask = (more: object = {}) =>
    new Promise<number | undefined>((resolve, reject) => {
      const asked = request(new URL("/health/live", test.bridge.url), { ca, ...more }, (answer) => resolve(answer.resume().statusCode));
      asked.on("error", reject).end();
    });

  it("answers those who trust its authority, under each of its names", async () => {
    expect(test.bridge.url).toMatch(/^https:/);
    expect(test.bridge.authority).toBe(join(test.home, ".bridge/tls/ca.pem"));
    for (const servername of ["localhost", "bridge.example"]) expect(await ask({ servername })).toBe(200);
  });

  it("is refused by those who do not, and under other names", async () => {
    await expect(ask({ ca: undefined })).rejects.toThrow(/certificate/);
    await expect(ask({ servername: "other.example" })).rejects.toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
  });

  it("speaks neither plain HTTP nor TLS 1.1", async () => {
    await expect(fetch(test.bridge.url.replace("https:", "http:"))).rejects.toThrow();
    await expect(ask({ maxVersion: "TLSv1.1", minVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" })).rejects.toThrow();
  });

  it("keeps the key for its owner, and says where it listens", async () => {
    const { mode } = await stat(join(test.home, ".bridge/tls/ca-key.pem"));
    expect(mode & 0o777).toBe(0o600);
    expect(await readFile(join(test.home, ".bridge/address"), "utf8")).toBe(`${test.bridge.url}\n`);
  });

  it("marks the cookie of a browser that signed in", async () => {
    const cookie = await new Promise((resolve, reject) => {
      request(test.bridge.docsAddress(), { ca }, (answer) => resolve(answer.resume().headers["set-cookie"]))
        .on("error", reject)
        .end();
    });
    expect(cookie).toEqual([expect.stringMatching(/; Secure$/)]);
  });
});

describe("certificates", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tls-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  afterEach(() => vi.useRealTimers());

  it("are of one authority, whoever opens it first", async () => {
    const both = await Promise.all([1, 2].map(() => openAuthority(join(folder, "one"), Date.now)));
    const [first, second] = await Promise.all(both.map((each) => each.certify(["a"])));
    expect(first).not.toEqual(second);
    const again = await openAuthority(join(folder, "one"), Date.now);
    expect(again.file).toBe(both[0]?.file);
  });

  it("are made anew a month before their end", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    let now = Date.now();
    using own = await ownCertificate(join(folder, "renewed"), ["a"], () => now, quiet);
    const renewed: unknown[] = [];
    own.onRenewed((each) => renewed.push(each));
    const first = own.current();
    await vi.advanceTimersByTimeAsync(61_000);
    expect(own.current()).toBe(first);
    now += 61 * 86_400_000;
    await vi.advanceTimersByTimeAsync(61_000);
    await vi.waitFor(() => expect(renewed).toEqual([own.current()]));
    expect(own.current()).not.toEqual(first);
  });

  it("that were given are taken over when they change, if they are whole", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const authority = await openAuthority(join(folder, "given"), Date.now);
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const put = async (made: { cert: string; key: string }) => {
      await writeFile(cert, made.cert);
      await writeFile(key, made.key);
    };
    const [first, second] = [await authority.certify(["a"]), await authority.certify(["b"])];
    await put(first);
    const errors: string[] = [];
    using given = await givenCertificate(cert, key, Date.now, { ...quiet, error: (_facts, message) => void errors.push(message) });
    await put({ cert: second.cert, key: first.key });
    await vi.advanceTimersByTimeAsync(61_000);
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    expect(given.current()).toEqual(first);
    await put(second);
    await vi.advanceTimersByTimeAsync(61_000);
    await vi.waitFor(() => expect(given.current()).toEqual(second));
    expect(given.authority).toBeNull();
  });
});

it("a bridge with a certificate that is none does not start", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tls-"));
  await writeFile(join(folder, "x.pem"), "nothing");
  const wrong = { BRIDGE_TLS_CERT: join(folder, "x.pem"), BRIDGE_TLS_KEY: join(folder, "x.pem") };
  await expect(testBridge(wrong)).rejects.toThrow(/BRIDGE_TLS_CERT/);
  await rm(folder, { recursive: true, force: true });
});
