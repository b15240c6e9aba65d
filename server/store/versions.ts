import { Version } from "#contract/algorithm.ts";
import type { Clock } from "#contract/edges.ts";
import { Conflict, NotFound } from "#contract/errors.ts";
import { Manifest } from "#contract/manifest.ts";
import { DEFAULT_PROJECT, nameKey } from "#contract/names.ts";
import { compiledInEach } from "./compiled.ts";
import type { Database, Db, Tx } from "./database.ts";
import type { Tell } from "./events.ts";
import { pageOf } from "./page.ts";
import type { VersionsReader, VersionsWriter } from "./store.ts";

/** A version, if it is known. */
export const versionIn = compiledInEach(["key", "version"], (tx, { key, version }) =>
  tx
    .selectFrom("versions")
    .select("version")
    .where("project", "=", DEFAULT_PROJECT)
    .where("algorithmKey", "=", key)
    .where("version", "=", version),
);
const addRow = compiledInEach(["project", "algorithmKey", "version", "manifest", "problems", "createdAt", "event"], (tx, marks) =>
  tx.insertInto("versions").values(marks as unknown as Database["versions"]),
);

export function versionsReader(db: Db): VersionsReader {
  const page: VersionsReader["page"] = async ({ algorithm, limit, cursor }) => {
    const rows = await db
      .selectFrom("versions")
      .leftJoin("algorithms", (join) =>
        join.onRef("algorithms.project", "=", "versions.project").onRef("algorithms.key", "=", "versions.algorithmKey"),
      )
      .select(["versions.manifest", "versions.version", "versions.createdAt", "versions.event", "algorithms.live"])
      .where("versions.project", "=", DEFAULT_PROJECT)
      .$if(algorithm !== undefined, (query) => query.where("versions.algorithmKey", "=", nameKey(algorithm ?? "")))
      .$if(cursor !== undefined, (query) => query.where("versions.event", "<", Number(cursor)))
      .orderBy("versions.event", "desc")
      .limit(limit + 1)
      .execute();
    return pageOf(rows, limit, {
      cursorOf: ({ event }) => String(event),
      toItem({ manifest, version, createdAt, live }) {
        const { name, methods } = toManifest(manifest);
        return Version.parse({ algorithm: name, version, createdAt, isLive: live === version, methods });
      },
    });
  };

  return {
    page,
    list: async (filter) => (await page(filter)).items,
    async find(algorithm, version) {
      const row = await db
        .selectFrom("versions")
        .select(["manifest", "createdAt"])
        .where("project", "=", DEFAULT_PROJECT)
        .where("algorithmKey", "=", nameKey(algorithm))
        .where("version", "=", version)
        .executeTakeFirst();
      return row && { manifest: toManifest(row.manifest), createdAt: row.createdAt };
    },
  };
}

export function versionsWriter(tx: Tx, tell: Tell, clock: Clock): VersionsWriter {
  return {
    async add(manifest, problems) {
      const id = { project: DEFAULT_PROJECT, algorithmKey: nameKey(manifest.name), version: manifest.version };
      const [there] = await versionIn(tx, { key: id.algorithmKey, version: id.version });
      if (there) return;
      const event = await tell({
        kind: "version.exported",
        subject: manifest.name,
        data: { version: manifest.version, methods: manifest.methods, problems: problems.length },
      });
      const row = { ...id, manifest: JSON.stringify(manifest), problems: JSON.stringify(problems), createdAt: clock.now(), event };
      await addRow(tx, row);
    },

    async remove(algorithm, version) {
      const key = nameKey(algorithm);
      const holder = await tx
        .selectFrom("algorithms")
        .select(["name", "live"])
        .where("project", "=", DEFAULT_PROJECT)
        .where("key", "=", key)
        .executeTakeFirst();
      if (holder?.live === version) {
        throw new Conflict(`${version} is the live version of ${holder.name}.`, "Save another version first; old ones may be deleted.");
      }
      const { numDeletedRows } = await tx
        .deleteFrom("versions")
        .where("project", "=", DEFAULT_PROJECT)
        .where("algorithmKey", "=", key)
        .where("version", "=", version)
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw new NotFound("version", `${algorithm}@${version}`);
      await tell({ kind: "version.deleted", subject: holder?.name ?? algorithm, data: { version } });
    },
  };
}

function toManifest(text: string): Manifest {
  return Manifest.parse(JSON.parse(text));
}
