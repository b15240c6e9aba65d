import { webcrypto } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
// What the next library needs to be there first.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
const CERTIFICATE_DAYS = 90;
const keys = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A certificate with its key, in PEM. */
export interface Credentials {
  readonly cert: string;
  readonly key: string;
}

/** The bridge's own certificate authority: clients trust its file, and it signs what the bridge shows them. */
export interface Authority {
  /** The public certificate that clients trust, PEM. */
  readonly file: string;
  /** A certificate of 90 days for a server of these names and addresses. */
  certify(names: readonly string[]): Promise<Credentials>;
}

/**
 * The authority of a home, made when there is none: `<folder>/ca.pem` for everybody, `<folder>/ca-key.pem` for its owner
 * alone. Extensions are those that strict verifiers ask for (RFC 5280, section 4.2).
 *
 * @param now in milliseconds
 */
export async function openAuthority(folder: string, now: () => number): Promise<Authority> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "ca.pem");
  const secret = join(folder, "ca-key.pem");
  const made = (await readFile(secret, "utf8").catch(() => undefined)) ?? (await make(secret, now()));
  const [certPem = "", keyPem = ""] = made.split(/(?=-----BEGIN PRIVATE KEY-----)/);
  await writeFile(file, certPem, { mode: 0o644 });
  const authority = new x509.X509Certificate(certPem);
  const key = await webcrypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(keyPem), keys, false, ["sign"]);
  return {
    file,
    async certify(names) {
      const own = await webcrypto.subtle.generateKey(keys, true, ["sign", "verify"]);
      const at = now();
      const certificate = await x509.X509CertificateGenerator.create({
        ...{ subject: `CN=${names[0] ?? "compute-bridge"}`, issuer: authority.subject },
        ...{ notBefore: new Date(at - DAY_MS), notAfter: new Date(at + CERTIFICATE_DAYS * DAY_MS) },
        ...{ publicKey: own.publicKey, signingKey: key, signingAlgorithm: keys },
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: isIP(value) ? ("ip" as const) : ("dns" as const), value })),
          ),
          await x509.SubjectKeyIdentifierExtension.create(own.publicKey),
          await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
        ],
      });
      return { cert: certificate.toString("pem"), key: await pemOf(own.privateKey) };
    },
  };
}

/** Certificate and key in one file, so that no two bridges that start at once mix theirs: the first wins. */
async function make(file: string, at: number): Promise<string> {
  const own = await webcrypto.subtle.generateKey(keys, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=compute-bridge CA",
    ...{ notBefore: new Date(at - DAY_MS), notAfter: new Date(at + AUTHORITY_DAYS * DAY_MS) },
    ...{ keys: own, signingAlgorithm: keys },
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(own.publicKey),
    ],
  });
  const draft = `${file}.${webcrypto.randomUUID()}`;
  try {
    await writeFile(draft, `${certificate.toString("pem")}\n${await pemOf(own.privateKey)}\n`, { mode: 0o600, flag: "wx" });
    await link(draft, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(file, "utf8");
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}
