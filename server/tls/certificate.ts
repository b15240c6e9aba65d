import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { Log } from "#contract/edges.ts";
import type { Credentials } from "./authority.ts";

/** How often the files are looked at, and the own certificate's age. */
const LOOK_EVERY_MS = 60_000;
const RENEW_BEFORE_MS = 30 * 86_400_000;

/** What the bridge shows to clients that speak TLS. */
export interface Certificate extends Disposable {
  current(): Credentials;
  /** The file that clients trust; null: the certificate was given, and whoever gave it knows. */
  readonly authority: string | null;
  /** Calls back with each certificate that takes the place of the last. */
  onRenewed(listener: (credentials: Credentials) => void): void;
}

/** Files that somebody renews (certbot, a mounted secret): taken over while the bridge runs, if they are whole. */
export async function givenCertificate(certFile: string, keyFile: string, now: () => number, log: Log): Promise<Certificate> {
  const read = async (): Promise<Credentials> => {
    try {
      return checked({ cert: await readFile(certFile, "utf8"), key: await readFile(keyFile, "utf8") });
    } catch (error) {
      throw new Error(`BRIDGE_TLS_CERT and BRIDGE_TLS_KEY are no certificate and its key: ${String(error)}`, { cause: error });
    }
  };
  const age = async () => (await Promise.all([stat(certFile), stat(keyFile)])).map(({ mtimeMs }) => mtimeMs).join(" ");
  let seen = await age();
  return renewing(null, await read(), log, async ({ cert }) => {
    const left = new X509Certificate(cert).validToDate.getTime() - now();
    if (left < RENEW_BEFORE_MS / 2) log.warn({ file: certFile, days: Math.floor(left / 86_400_000) }, "the certificate ends soon");
    if ((await age()) === seen) return undefined;
    seen = await age();
    return read();
  });
}

/** A certificate of the home's own authority, made anew at each start and a month before its end. */
export async function ownCertificate(folder: string, names: readonly string[], now: () => number, log: Log): Promise<Certificate> {
  // Loaded here alone: most bridges start without it, and sooner.
  const { openAuthority } = await import("./authority.ts");
  const authority = await openAuthority(folder, now);
  return renewing(authority.file, await authority.certify(names), log, async ({ cert }) =>
    new X509Certificate(cert).validToDate.getTime() - now() < RENEW_BEFORE_MS ? authority.certify(names) : undefined,
  );
}

/** @param renew resolves with what takes the place of the present one; undefined: nothing does */
function renewing(
  authority: string | null,
  first: Credentials,
  log: Log,
  renew: (present: Credentials) => Promise<Credentials | undefined>,
): Certificate {
  const listeners: ((credentials: Credentials) => void)[] = [];
  let present = first;
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  return {
    authority,
    current: () => present,
    onRenewed: (listener) => void listeners.push(listener),
    [Symbol.dispose]: () => clearInterval(timer),
  };

  async function look(): Promise<void> {
    try {
      const next = await renew(present);
      if (!next) return;
      present = next;
      for (const each of listeners) each(next);
      log.info({}, "another certificate is shown from now on");
    } catch (error) {
      log.error({ err: error }, "the certificate cannot be renewed; the last one stays");
    }
  }
}

/** @throws Error when they are no certificate and its key */
function checked(credentials: Credentials): Credentials {
  createSecureContext(credentials);
  return credentials;
}
