import { mkdtempDisposable, readFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { dltkAddress } from "../../bin/dltk-token.ts";

it("prints an address that ends with a slash, with the token that it makes", async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), "home-"));
  const address = await dltkAddress(home.path, {});
  const token = (await readFile(join(home.path, ".bridge/dltk-token"), "utf8")).trim();
  expect(address).toBe(`http://127.0.0.1:5000/dltk/${token}/`);
  expect(await dltkAddress(home.path, { BRIDGE_HOST: "0.0.0.0", BRIDGE_PORT: "80" })).toBe(`https://${hostname()}:80/dltk/${token}/`);
  expect(await dltkAddress(home.path, { BRIDGE_PORT: "0" })).toContain(":<port>/");
  expect(await dltkAddress(home.path, { BRIDGE_HOST: "::1" })).toBe(`http://[::1]:5000/dltk/${token}/`);
});
