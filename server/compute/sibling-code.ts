import type { Manifest } from "#contract/manifest.ts";
import type { Store } from "../store/store.ts";

const MODULE = /^app\/model\/([^/]+)\.[^./]+$/;

/**
 * The version whose notebook a file of another version was exported from: what is imported lies beside its user as it was.
 *
 * @param file as a worker tells it, relative to the folder of the version
 * @returns undefined for the version's own file, a module laid in by hand, or a version that was deleted
 */
export async function siblingOf(
  file: string | null,
  { siblings }: Manifest,
  { versions }: Pick<Store, "versions">,
): Promise<Manifest | undefined> {
  const [, name = ""] = MODULE.exec(file ?? "") ?? [];
  const version = siblings[name];
  const found = version === undefined ? undefined : (await versions.find(name, version))?.manifest;
  return found?.notebook ? found : undefined;
}
