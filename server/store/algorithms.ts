import { Algorithm } from "#contract/algorithm.ts";
import { Conflict, NotFound } from "#contract/errors.ts";
import type { EventKind } from "#contract/event.ts";
import { DEFAULT_PROJECT, nameKey } from "#contract/names.ts";
import { compiledInEach, compiledOnce } from "./compiled.ts";
import type { Database, Db, Tx } from "./database.ts";
import type { Tell } from "./events.ts";
import { pageOf } from "./page.ts";
import type { AlgorithmsReader, AlgorithmsWriter } from "./store.ts";
import { versionIn } from "./versions.ts";

const eventOf: Record<Algorithm["state"], EventKind> = {
  live: "algorithm.changed",
  failing: "algorithm.failing",
  missing: "algorithm.missing",
};

const COLUMNS = [
  ...([
    "project",
    "name",
    "title",
    "description",
    "category",
    "runtime",
    "environment",
    "notebook",
    "state",
    "content",
    "exportedAt",
  ] as const),
  ...(["key", "titleKey", "problems"] as const),
];
const putRow = compiledInEach(COLUMNS, (tx, marks) => {
  const row = marks as Omit<Database["algorithms"], "live">;
  return tx
    .insertInto("algorithms")
    .values({ ...row, live: null })
    .onConflict((conflict) => conflict.columns(["project", "key"]).doUpdateSet(row));
});
const byKeyIn = compiledInEach(["key"], (tx, { key }) =>
  tx.selectFrom("algorithms").select(["name", "live"]).where("project", "=", DEFAULT_PROJECT).where("key", "=", key),
);
const setLiveOf = compiledInEach(["key", "version"], (tx, { key, version }) =>
  tx.updateTable("algorithms").set({ live: version }).where("project", "=", DEFAULT_PROJECT).where("key", "=", key),
);

export function algorithmsReader(db: Db): AlgorithmsReader {
  const rows = () => db.selectFrom("algorithms").selectAll().where("project", "=", DEFAULT_PROJECT).orderBy("key");
  const byKey = compiledOnce(db, ["key"], ({ key }) => rows().where("key", "=", key));
  return {
    async find(name) {
      const [row] = await byKey({ key: nameKey(name) });
      return row && toAlgorithm(row);
    },
    async findByTitle(title) {
      return (await rows().where("titleKey", "=", nameKey(title)).execute()).map(toAlgorithm);
    },
    async list() {
      return (await rows().execute()).map(toAlgorithm);
    },
    async page({ limit, cursor }) {
      const found = await rows()
        .$if(cursor !== undefined, (query) => query.where("key", ">", cursor ?? ""))
        .limit(limit + 1)
        .execute();
      return pageOf(found, limit, { cursorOf: ({ key }) => key, toItem: toAlgorithm });
    },
  };
}

export function algorithmsWriter(tx: Tx, tell: Tell): AlgorithmsWriter {
  return {
    async put(algorithm) {
      await putRow(tx, toRow(algorithm));
      const errors = algorithm.problems.filter(({ severity }) => severity === "error").length;
      await tell({
        kind: eventOf[algorithm.state],
        subject: algorithm.name,
        data: { state: algorithm.state, errors, warnings: algorithm.problems.length - errors },
      });
    },

    async setLive(name, version) {
      const key = nameKey(name);
      const [algorithm] = await byKeyIn(tx, { key });
      if (!algorithm) throw new NotFound("algorithm", name);
      if (algorithm.live === version) return;
      const [known] = await versionIn(tx, { key, version });
      if (!known) throw new NotFound("version", `${name}@${version}`);
      await setLiveOf(tx, { key, version });
      await tell({ kind: "version.live", subject: algorithm.name, data: { version, before: algorithm.live } });
    },

    async remove(name) {
      const key = nameKey(name);
      const found = await tx
        .selectFrom("algorithms")
        .select("name")
        .where("project", "=", DEFAULT_PROJECT)
        .where("key", "=", key)
        .executeTakeFirst();
      if (!found) throw new NotFound("algorithm", name);
      const models = await tx
        .selectFrom("models")
        .select("name")
        .distinct()
        .where("project", "=", DEFAULT_PROJECT)
        .where("algorithmKey", "=", key)
        .execute();
      if (models.length > 0) {
        const names = models.map((each) => each.name).join(", ");
        throw new Conflict(`${found.name} has models: ${names}.`, "Delete them first, if nobody needs them any more.");
      }
      await tx.deleteFrom("algorithms").where("project", "=", DEFAULT_PROJECT).where("key", "=", key).execute();
      await tx.deleteFrom("versions").where("project", "=", DEFAULT_PROJECT).where("algorithmKey", "=", key).execute();
      await tell({ kind: "algorithm.deleted", subject: found.name, data: {} });
    },
  };
}

function toRow({ problems, ...algorithm }: Omit<Algorithm, "live">): Omit<Database["algorithms"], "live"> {
  const { project, name, title, description, category, runtime, environment, notebook, state, content, exportedAt } = algorithm;
  return {
    ...{ project, name, title, description, category, runtime, environment, notebook, state, content, exportedAt },
    key: nameKey(name),
    titleKey: nameKey(title),
    problems: JSON.stringify(problems),
  };
}

function toAlgorithm({ problems, ...row }: Database["algorithms"]): Algorithm {
  return Algorithm.parse({ ...row, problems: JSON.parse(problems) });
}
