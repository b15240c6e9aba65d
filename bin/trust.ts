import { readFileSync } from "node:fs";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { homeFolder } from "./places.ts";

/**
 * From now on this process trusts the authority that the bridge of this home made for itself, or the one that BRIDGE_CA
 * names, beside those of the system.
 *
 * @throws Error when BRIDGE_CA names no file that can be read
 */
export function trustBridge(env: NodeJS.ProcessEnv): void {
  const named = env.BRIDGE_CA;
  const own = named ? readFileSync(named, "utf8") : ownAuthority(homeFolder(env));
  if (own !== undefined) setDefaultCACertificates([...getCACertificates("default"), own]);
}

function ownAuthority(home: string): string | undefined {
  try {
    return readFileSync(join(home, ".bridge", "tls", "ca.pem"), "utf8");
  } catch {
    return undefined;
  }
}
