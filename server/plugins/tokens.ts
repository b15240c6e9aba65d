import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmod, link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Whom a token stands for; undefined: nobody. */
export type TokenNames = (token: string) => string | undefined;

const SHORTEST = 16;
const DLTK_FILE = "dltk-token";

/**
 * Looks a token up in a time that depends on neither its text nor its place among the known ones: digests of one
 * length are compared, all of them each time.
 */
export function tokenNames(tokens: readonly { readonly name: string; readonly token: string }[]): TokenNames {
  const known = tokens.map(({ name, token }) => ({ name, digest: digestOf(token) }));
  return (token) => {
    const digest = digestOf(token);
    let found: string | undefined;
    for (const each of known) if (timingSafeEqual(each.digest, digest)) found = each.name;
    return found;
  };
}

/** Whether two texts are the same, in a time that depends on their lengths alone. */
export function isSameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}

function digestOf(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

/**
 * The bridge's own token, made at the first start: `<home>/.bridge/token`, for its owner's eyes alone.
 *
 * @throws Error when the file holds something that is no token
 */
export function ownToken(home: string): Promise<string> {
  return tokenIn(home, "token");
}

/**
 * What stands for a token in the addresses of DLTK's clients, made when it is first asked for: a secret of its own,
 * `<home>/.bridge/dltk-token`. While that file is there those addresses answer.
 *
 * @throws Error when the file holds something that is no token
 */
export function dltkToken(home: string): Promise<string> {
  return tokenIn(home, DLTK_FILE);
}

/** What users' short-lived tokens are signed with: `<home>/.bridge/signing-key`, the same for all bridges of the home. */
export function signingKey(home: string): Promise<string> {
  return tokenIn(home, "signing-key");
}

/** Whether a text is the token of DLTK's addresses now: the file may come, change and go while the bridge runs. */
export async function isDltkToken(home: string, text: string): Promise<boolean> {
  const token = await readFile(join(home, ".bridge", DLTK_FILE), "utf8").catch(() => "");
  return isToken(token.trim()) && timingSafeEqual(digestOf(token.trim()), digestOf(text));
}

async function tokenIn(home: string, name: string): Promise<string> {
  const folder = join(home, ".bridge");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const file = join(folder, name);
  const draft = join(folder, `${name}.${randomBytes(6).toString("hex")}`);
  try {
    await writeFile(draft, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
    // A link, not a rename: of two bridges that start at once the first wins, and both read the same token.
    await link(draft, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await chmod(file, 0o600);
  const token = (await readFile(file, "utf8")).trim();
  if (!isToken(token)) throw new Error(`${file} holds no token of ${SHORTEST} characters or more. Delete it: a new one is made then.`);
  return token;
}

function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text) && text.length >= SHORTEST;
}
