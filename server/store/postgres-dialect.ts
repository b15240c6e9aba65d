import { type DatabaseConnection, type DataTypeNode, PostgresDialect, PostgresDriver, PostgresQueryCompiler } from "kysely";
import type pg from "pg";
import { toStoreAway } from "./postgres-errors.ts";

/** Kysely's dialect, with errors as the bridge tells them and text as SQLite treats it. */
export class Postgres extends PostgresDialect {
  readonly #pool: pg.Pool;
  readonly #where: string;

  /** @param where the database, for errors */
  constructor(pool: pg.Pool, where: string) {
    super({ pool });
    this.#pool = pool;
    this.#where = where;
  }

  override createDriver(): PostgresDriver {
    return new TellingDriver(this.#pool, this.#where);
  }

  override createQueryCompiler(): PostgresQueryCompiler {
    return new BytewiseText();
  }
}

class TellingDriver extends PostgresDriver {
  readonly #where: string;

  constructor(pool: pg.Pool, where: string) {
    super({ pool, onCreateConnection: async (connection) => tellErrors(connection, where) });
    this.#where = where;
  }

  override async acquireConnection(...options: Parameters<PostgresDriver["acquireConnection"]>): Promise<DatabaseConnection> {
    try {
      return await super.acquireConnection(...options);
    } catch (error) {
      throw toStoreAway(error, this.#where, "connecting");
    }
  }
}

function tellErrors(connection: DatabaseConnection, where: string): void {
  const execute = connection.executeQuery.bind(connection);
  connection.executeQuery = async (query, ...options) => {
    try {
      return await execute({ ...query, parameters: query.parameters.map(storable) }, ...options);
    } catch (error) {
      throw toStoreAway(error, where, "asking");
    }
  };
}

/** Postgres's text holds no NUL, which a caller may well send: a record that cannot be written would hold up all behind it. */
function storable(value: unknown): unknown {
  return typeof value === "string" && value.includes("\0") ? value.replaceAll("\0", "\uFFFD") : value;
}

/** Text sorts by its bytes, as in SQLite, and not as the database's locale has it: ids of runs are in the order of their starts. */
class BytewiseText extends PostgresQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    super.visitDataType(node);
    if (node.dataType === "text") this.append(' collate "C"');
  }
}
