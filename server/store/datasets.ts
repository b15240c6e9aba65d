import { DatasetVersion } from "#contract/dataset.ts";
import type { Clock } from "#contract/edges.ts";
import { NotFound } from "#contract/errors.ts";
import { DEFAULT_PROJECT } from "#contract/names.ts";
import { type Database, type Db, LARGEST_VERSION, type Tx } from "./database.ts";
import type { Tell } from "./events.ts";
import { highestDeleted, keepHighest } from "./numbers.ts";
import { pageOf } from "./page.ts";
import type { DatasetsReader, DatasetsWriter } from "./store.ts";

export function datasetsReader(db: Db): DatasetsReader {
  const rows = () => db.selectFrom("datasets").selectAll().where("datasets.project", "=", DEFAULT_PROJECT);
  const page: DatasetsReader["page"] = async ({ limit, cursor }) => {
    const found = await rows()
      .where((where) =>
        where(
          "version",
          "=",
          where
            .selectFrom("datasets as later")
            .select(({ fn }) => fn.max("later.version").as("newest"))
            .whereRef("later.project", "=", "datasets.project")
            .whereRef("later.name", "=", "datasets.name"),
        ),
      )
      .$if(cursor !== undefined, (query) => query.where("event", "<", Number(cursor)))
      .orderBy("event", "desc")
      .limit(limit + 1)
      .execute();
    return pageOf(found, limit, { cursorOf: ({ event }) => String(event), toItem: toDataset });
  };

  return {
    page,
    list: async (filter) => (await page(filter)).items,

    async find(name, version) {
      if (version !== undefined && version > LARGEST_VERSION) return undefined;
      const row = await rows()
        .where("name", "=", name)
        .$if(version !== undefined, (query) => query.where("version", "=", version ?? 0))
        .orderBy("version", "desc")
        .limit(1)
        .executeTakeFirst();
      return row && toDataset(row);
    },
  };
}

export function datasetsWriter(tx: Tx, tell: Tell, clock: Clock): DatasetsWriter {
  return {
    async add({ columns, ...dataset }, folderOf) {
      const { project, name, rows, bytes, run, csv } = dataset;
      const newest = await tx
        .selectFrom("datasets")
        .select(({ fn }) => fn.max("version").as("version"))
        .where("project", "=", project)
        .where("name", "=", name)
        .executeTakeFirst();
      const version = Math.max(newest?.version ?? 0, await highestDeleted(tx, counterOf(name))) + 1;
      const event = await tell({ kind: "dataset.staged", subject: name, data: { version, rows, bytes, run } });
      const row = {
        ...{ project, name, version, rows, bytes, run, csv, event },
        columns: columns && JSON.stringify(columns),
        folder: folderOf(version),
        createdAt: clock.now(),
      };
      await tx.insertInto("datasets").values(row).execute();
      return toDataset(row);
    },

    async remove(name) {
      const gone = await tx
        .deleteFrom("datasets")
        .where("project", "=", DEFAULT_PROJECT)
        .where("name", "=", name)
        .returning("version")
        .execute();
      if (gone.length === 0) throw new NotFound("dataset", name);
      await keepHighest(tx, counterOf(name), Math.max(...gone.map((each) => each.version)));
      await tell({ kind: "dataset.deleted", subject: name, data: { versions: gone.length } });
    },
  };
}

function counterOf(name: string): string {
  return `dataset/${DEFAULT_PROJECT}/${name}`;
}

function toDataset({ columns, ...row }: Database["datasets"]): DatasetVersion {
  return DatasetVersion.parse({ ...row, columns: columns === null ? null : JSON.parse(columns) });
}
