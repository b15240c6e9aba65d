import type { Clock } from "#contract/edges.ts";
import { Conflict, NotFound } from "#contract/errors.ts";
import { ModelVersion } from "#contract/model.ts";
import { DEFAULT_PROJECT, nameKey } from "#contract/names.ts";
import { compiledOnce } from "./compiled.ts";
import { type Database, type Db, LARGEST_VERSION, type Tx } from "./database.ts";
import type { Tell } from "./events.ts";
import { highestDeleted, keepHighest } from "./numbers.ts";
import { pageOf } from "./page.ts";
import type { ModelsReader, ModelsWriter } from "./store.ts";

const LATEST = "latest";

export function modelsReader(db: Db): ModelsReader {
  const rows = () => db.selectFrom("models").selectAll("models").where("models.project", "=", DEFAULT_PROJECT);
  /** Those that the alias points to, of every model or of those picked. */
  const pointedTo = (alias: string) =>
    rows()
      .innerJoin("modelAliases", (join) =>
        join
          .onRef("modelAliases.project", "=", "models.project")
          .onRef("modelAliases.algorithmKey", "=", "models.algorithmKey")
          .onRef("modelAliases.name", "=", "models.name")
          .onRef("modelAliases.version", "=", "models.version"),
      )
      .where("modelAliases.alias", "=", alias);

  const pointedToOf = compiledOnce(db, ["key", "name", "alias"], ({ key, name, alias }) =>
    pointedTo(alias).where("models.algorithmKey", "=", key).where("models.name", "=", name),
  );
  const aliasesOf = compiledOnce(db, ["key", "name"], ({ key, name }) =>
    db
      .selectFrom("modelAliases")
      .selectAll()
      .where("project", "=", DEFAULT_PROJECT)
      .where("algorithmKey", "=", key)
      .where("name", "=", name)
      .orderBy("alias"),
  );

  const page: ModelsReader["page"] = async ({ algorithm, name, limit, cursor }) => {
    const found = await (name === undefined ? pointedTo(LATEST) : rows().where("models.name", "=", name))
      .$if(algorithm !== undefined, (query) => query.where("models.algorithmKey", "=", nameKey(algorithm ?? "")))
      .$if(cursor !== undefined, (query) => query.where("models.event", "<", Number(cursor)))
      .orderBy("models.event", "desc")
      .limit(limit + 1)
      .execute();
    const { items, next } = pageOf(found, limit, { cursorOf: ({ event }) => String(event), toItem: (row) => row });
    return { items: await withAliases(db, items), next };
  };

  return {
    page,
    list: async (filter) => (await page(filter)).items,

    async find(algorithm, name, version = LATEST) {
      const key = nameKey(algorithm);
      if (!/^\d+$/.test(version)) {
        const [row] = await pointedToOf({ key, name, alias: version });
        return row && aliased(row, await aliasesOf({ key, name }));
      }
      if (Number(version) > LARGEST_VERSION) return undefined;
      const query = rows().where("models.version", "=", Number(version));
      const row = await query.where("models.algorithmKey", "=", key).where("models.name", "=", name).executeTakeFirst();
      return row && (await withAliases(db, [row]))[0];
    },
  };
}

export function modelsWriter(tx: Tx, tell: Tell, clock: Clock): ModelsWriter {
  return {
    async add({ signature, ...model }, folderOf) {
      const { project, algorithm, name, fittedBy, run } = model;
      const algorithmKey = nameKey(algorithm);
      const newest = await tx
        .selectFrom("models")
        .select(({ fn }) => fn.max("version").as("version"))
        .where("project", "=", project)
        .where("algorithmKey", "=", algorithmKey)
        .where("name", "=", name)
        .executeTakeFirst();
      const version = Math.max(newest?.version ?? 0, await highestDeleted(tx, counterOf(algorithmKey, name))) + 1;
      const data = { algorithm, model: name, version, fittedBy, run };
      const event = await tell({ kind: "model.fitted", subject: `${algorithm}/${name}`, data });
      const row = {
        ...{ project, algorithmKey, algorithm, name, version, fittedBy, run, event },
        signature: signature && JSON.stringify(signature),
        folder: folderOf(version),
        createdAt: clock.now(),
      };
      await tx.insertInto("models").values(row).execute();
      await tx
        .insertInto("modelAliases")
        .values({ project, algorithmKey, name, alias: LATEST, version })
        .onConflict((conflict) => conflict.columns(["project", "algorithmKey", "name", "alias"]).doUpdateSet({ version }))
        .execute();
      return toModel(row, [LATEST]);
    },

    async remove(algorithm, name, version) {
      const algorithmKey = nameKey(algorithm);
      const all = await rowsOf(tx, algorithmKey, name);
      const models = await withAliases(tx, all);
      const gone =
        version === undefined ? models : models.filter((each) => String(each.version) === version || each.aliases.includes(version));
      const [first] = gone;
      if (!first)
        throw new NotFound(
          version === undefined ? `model of ${algorithm}` : "version of the model",
          version === undefined ? name : `${name}@${version}`,
        );
      const pointing = version === undefined ? [] : first.aliases.filter((each) => each !== LATEST);
      if (pointing.length > 0) {
        throw new Conflict(
          `The alias ${pointing.join(", ")} points to version ${first.version} of ${name}.`,
          "Point it elsewhere first, or delete the whole model.",
        );
      }
      const numbers = gone.map((each) => each.version);
      const left = all.map((each) => each.version).filter((each) => !numbers.includes(each));
      const ofModel = { project: DEFAULT_PROJECT, algorithmKey, name };
      await tx
        .deleteFrom("modelAliases")
        .where((where) => where.and(ofModel))
        .where("version", "in", numbers)
        .execute();
      await tx
        .deleteFrom("models")
        .where((where) => where.and(ofModel))
        .where("version", "in", numbers)
        .execute();
      if (left.length > 0 && gone.some((each) => each.aliases.includes(LATEST))) {
        await tx
          .insertInto("modelAliases")
          .values({ ...ofModel, alias: LATEST, version: Math.max(...left) })
          .execute();
      }
      await keepHighest(tx, counterOf(algorithmKey, name), Math.max(...numbers));
      await tell({
        kind: "model.deleted",
        subject: `${first.algorithm}/${name}`,
        data: { algorithm: first.algorithm, model: name, versions: numbers },
      });
      return gone;
    },
  };
}

function rowsOf(tx: Tx, algorithmKey: string, name: string) {
  return tx
    .selectFrom("models")
    .selectAll()
    .where("project", "=", DEFAULT_PROJECT)
    .where("algorithmKey", "=", algorithmKey)
    .where("name", "=", name)
    .orderBy("version")
    .execute();
}

function counterOf(algorithmKey: string, name: string): string {
  return `model/${DEFAULT_PROJECT}/${algorithmKey}/${name}`;
}

async function withAliases(db: Db, rows: readonly Database["models"][]): Promise<ModelVersion[]> {
  if (rows.length === 0) return [];
  const aliases = await db
    .selectFrom("modelAliases")
    .selectAll()
    .where("project", "=", DEFAULT_PROJECT)
    .where("algorithmKey", "in", [...new Set(rows.map((row) => row.algorithmKey))])
    .where("name", "in", [...new Set(rows.map((row) => row.name))])
    .orderBy("alias")
    .execute();
  return rows.map((row) => aliased(row, aliases));
}

function aliased(row: Database["models"], aliases: readonly Database["modelAliases"][]): ModelVersion {
  const own = aliases.filter((each) => each.algorithmKey === row.algorithmKey && each.name === row.name && each.version === row.version);
  return toModel(
    row,
    own.map((each) => each.alias),
  );
}

function toModel({ signature, ...row }: Database["models"], aliases: readonly string[]): ModelVersion {
  return ModelVersion.parse({ ...row, aliases, signature: signature === null ? null : JSON.parse(signature) });
}
