import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const openssl = (...args: string[]) => promisify(execFile)("openssl", args);
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** One who signs certificates, in a folder of a test. */
export interface Authority {
  /** Path of its certificate. */
  readonly ca: string;
  /** @param name of the subject @param hosts such as `DNS:localhost`; none: a certificate without host names, as Splunk's own */
  sign(name: string, hosts?: readonly string[]): Promise<Certificate>;
}

/** Paths and texts of a certificate and its key, PEM. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export async function makeAuthority(folder: string, name: string): Promise<Authority> {
  const at = (file: string) => join(folder, `${name}${file}`);
  const ca = at("-ca.pem");
  const usage = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"];
  await openssl("req", "-x509", ...newKey, "-days", "30", "-subj", `/CN=${name} CA`, "-keyout", at("-ca.key"), "-out", ca, ...usage);
  return {
    ca,
    async sign(subject, hosts = []) {
      const [keyFile, certFile, request, extensions] = [at(`-${subject}.key`), at(`-${subject}.pem`), at(".csr"), at(".ext")];
      const names = hosts.length > 0 ? `subjectAltName=${hosts.join(",")}\n` : "";
      const lines = "basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
      await writeFile(extensions, `${lines}keyUsage=digitalSignature\n${names}`);
      await openssl("req", ...newKey, "-subj", `/CN=${subject}`, "-keyout", keyFile, "-out", request);
      const signing = ["-CA", ca, "-CAkey", at("-ca.key"), "-CAcreateserial", "-extfile", extensions];
      await openssl("x509", "-req", "-in", request, "-days", "30", "-out", certFile, ...signing);
      return { certFile, keyFile, cert: await readFile(certFile, "utf8"), key: await readFile(keyFile, "utf8") };
    },
  };
}
