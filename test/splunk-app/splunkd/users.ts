import { randomBytes } from "node:crypto";
import { type Conf, readConf } from "./conf.ts";

export interface User {
  readonly name: string;
  readonly roles: readonly string[];
  readonly capabilities: readonly string[];
}

/** Who may ask the management port: users by the session keys that searches carry, and splunkd itself. */
export class Users {
  /** What handlers with passSystemAuth get. */
  readonly systemToken = newKey();
  readonly #users = new Map<string, User>();
  readonly #sessions = new Map<string, User>();

  constructor(users: readonly User[]) {
    for (const each of users) this.#users.set(each.name, each);
    const system = { name: "splunk-system-user", roles: ["admin"], capabilities: ["admin_all_objects", "list_storage_passwords"] };
    this.#sessions.set(this.systemToken, system);
  }

  /** A new session key of a user. */
  login(name: string): string {
    const user = this.#users.get(name);
    if (user === undefined) throw new Error(`this splunkd has no user ${name}`);
    const key = newKey();
    this.#sessions.set(key, user);
    return key;
  }

  /** Who asks, by the header `Authorization: Splunk <key>`. */
  who(authorization: string | undefined): (User & { readonly key: string }) | undefined {
    const key = /^Splunk (.+)$/.exec(authorization ?? "")?.[1] ?? "";
    const user = this.#sessions.get(key);
    return user && { ...user, key };
  }

  /** All that nobody else may see. */
  get secrets(): string[] {
    return [...this.#sessions.keys()];
  }
}

/** Users by name with their roles; what a role may do stands in the app's authorize.conf. */
export async function usersOf(app: string, users: Readonly<Record<string, readonly string[]>>): Promise<Users> {
  const conf = await readConf(app, "authorize");
  return new Users(
    Object.entries(users).map(([name, roles]) => ({
      name,
      roles,
      capabilities: [...new Set(roles.flatMap((each) => capabilities(conf, each)))],
    })),
  );
}

function capabilities(conf: Conf, role: string): string[] {
  const settings = conf.get(`role_${role}`) ?? {};
  const inherited = (settings.importRoles ?? "").split(";").filter(Boolean);
  const own = Object.entries(settings).filter(([, value]) => value === "enabled");
  return [...own.map(([name]) => name), ...inherited.flatMap((each) => capabilities(conf, each))];
}

const newKey = () => randomBytes(36).toString("base64url");
