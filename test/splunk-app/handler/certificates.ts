import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const openssl = (...args: string[]) => promisify(execFile)("openssl", args);

export interface Authority {
  /** Path and text of its certificate. */
  readonly file: string;
  readonly pem: string;
  /** A certificate and its key for names such as `IP:127.0.0.1`; days below zero: one that has expired. */
  sign(names: string, days?: number): Promise<{ readonly cert: string; readonly key: string }>;
}

/** Makes an authority in a folder of a test. */
export async function authority(folder: string, name: string): Promise<Authority> {
  const at = (ending: string) => join(folder, `${name}.${ending}`);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const usage = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"];
  await openssl("req", "-x509", ...newKey, "-days", "30", "-subj", `/CN=${name}`, "-keyout", at("ca.key"), "-out", at("ca.pem"), ...usage);
  let count = 0;
  return {
    file: at("ca.pem"),
    pem: await readFile(at("ca.pem"), "utf8"),
    async sign(names, days = 30) {
      const file = (ending: string) => at(`${++count}.${ending}`);
      const [key, request, extensions, cert] = [file("key"), file("csr"), file("ext"), file("pem")];
      await openssl("req", ...newKey, "-subj", "/CN=bridge", "-keyout", key, "-out", request);
      const rules = "basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nkeyUsage=digitalSignature\n";
      await writeFile(extensions, `${rules}subjectAltName=${names}\n`);
      const signing = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-extfile", extensions, "-out", cert];
      await openssl("x509", "-req", "-in", request, "-days", String(days), ...signing);
      return { cert: await readFile(cert, "utf8"), key: await readFile(key, "utf8") };
    },
  };
}
