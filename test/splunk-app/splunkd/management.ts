import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Certificate } from "./certificate.ts";
import { readConf } from "./conf.ts";
import type { HandlerAnswer, RestHandlers } from "./rest-handler.ts";
import type { User, Users } from "./users.ts";

/** A kept password of `storage/passwords`. */
export interface Password {
  readonly realm: string;
  readonly username: string;
  readonly password: string;
}

export interface ManagementParts {
  readonly certificate: Certificate;
  readonly users: Users;
  readonly handlers: RestHandlers;
  /** The installed app's folder. */
  readonly app: string;
  readonly passwords: readonly Password[];
}

/** A request that the port answered. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly user: string;
  readonly status: number;
  readonly payload: unknown;
}

/** splunkd's management port: TLS with a certificate that names no host, JSON where `output_mode=json` asks for it. */
export class Management implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #parts: ManagementParts;
  readonly #server: Server;

  private constructor(parts: ManagementParts) {
    this.#parts = parts;
    this.#server = createServer({ cert: parts.certificate.cert, key: parts.certificate.key }, async (request, response) => {
      const url = new URL(request.url ?? "/", this.uri);
      const user = parts.users.who(request.headers.authorization);
      const { status, payload, headers } = await this.#answer(request, url, user).catch((error: Error) => failed(500, error.message));
      this.asked.push({ method: request.method ?? "", path: url.pathname, user: user?.name ?? "", status, payload });
      response.writeHead(status, { "content-type": "application/json; charset=UTF-8", ...headers });
      response.end(typeof payload === "string" ? payload : JSON.stringify(payload));
    });
  }

  static async listen(parts: ManagementParts): Promise<Management> {
    const port = new Management(parts);
    await new Promise<void>((resolve) => port.#server.listen(0, "127.0.0.1", resolve));
    return port;
  }

  get uri(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, url: URL, user: (User & { key: string }) | undefined): Promise<HandlerAnswer> {
    if (user === undefined) return failed(401, "call not properly authenticated");
    const [, space = "", owner = "", app = "", ...inApp] = url.pathname.split("/");
    const path = space === "servicesNS" ? `/${inApp.join("/")}` : `/${[owner, app, ...inApp].filter((each) => each !== "").join("/")}`;
    if (!["services", "servicesNS"].includes(space)) return failed(404, "Not Found");
    const settings = await this.#parts.handlers.settingsOf(path);
    if (settings !== undefined) return this.#handle(settings, request, url, user);
    const answer = await this.#own(path, user);
    if (answer.status !== 200 || url.searchParams.get("output_mode") === "json") return answer;
    return { status: 200, headers: { "content-type": "text/xml" }, payload: "<feed><title>ask with output_mode=json</title></feed>" };
  }

  /** What splunkd serves itself. */
  async #own(path: string, user: User): Promise<HandlerAnswer> {
    const [, conf, stanza] = /^\/configs\/conf-([\w-]+)(?:\/(.+))?$/.exec(path) ?? [];
    if (path === "/authentication/current-context") return listed([{ name: "context", content: { username: user.name, ...user } }]);
    if (path === "/server/info") return listed([{ name: "server-info", content: { version: "10.0.2", serverName: "search-head" } }]);
    if (path.startsWith("/storage/passwords")) {
      if (!user.capabilities.includes("list_storage_passwords"))
        return failed(403, "You do not have permission to perform this operation.");
      const name = decodeURIComponent(path.split("/")[3] ?? "");
      const entries = this.#parts.passwords.map(({ realm, username, password }) => ({
        name: `${realm}:${username}:`,
        content: { realm, username, clear_password: password, password: "********", encr_password: "$7$…" },
      }));
      return listed(
        entries.filter((each) => name === "" || each.name === name),
        name,
      );
    }
    if (conf === undefined) return failed(404, `Not Found: ${path}`);
    const entries = [...(await readConf(this.#parts.app, conf))].map(([name, content]) => ({ name, content }));
    return listed(
      entries.filter((each) => stanza === undefined || each.name === decodeURIComponent(stanza)),
      stanza,
    );
  }

  /** What the app's handler serves: the request in the form that splunkd gives to a persistent handler. */
  async #handle(settings: Readonly<Record<string, string>>, request: IncomingMessage, url: URL, user: User & { key: string }) {
    const needed = settings[`capability.${request.method?.toLowerCase()}`] ?? settings.capability;
    if (needed !== undefined && !needed.split(" or ").some((each) => user.capabilities.includes(each)))
      return failed(403, `insufficient permission: requires ${needed}`);
    const payload = await text(request);
    const isOn = (setting: string) => /^(true|1|headers_only|base64)$/.test(settings[setting] ?? "");
    const isForm = (request.headers["content-type"] ?? "application/x-www-form-urlencoded").startsWith("application/x-www-form-urlencoded");
    return this.#parts.handlers.ask(settings.handler ?? "", {
      output_mode: url.searchParams.get("output_mode") ?? settings.output_modes?.split(",")[0] ?? "xml",
      output_mode_explicit: url.searchParams.has("output_mode"),
      server: { rest_uri: this.uri, hostname: "search-head", servername: "search-head", guid: "00000000-0000-0000-0000-000000000000" },
      restmap: { name: `script:${settings.match}`, conf: isOn("passConf") ? settings : {} },
      query: [...url.searchParams],
      connection: { src_ip: "127.0.0.1", ssl: true, listening_port: Number(new URL(this.uri).port) },
      session: { user: user.name, authtoken: user.key },
      ...(isOn("passSystemAuth") ? { system_authtoken: this.#parts.users.systemToken } : {}),
      ...(isOn("passHttpHeaders") ? { headers: Object.entries(request.headers) } : {}),
      rest_path: url.pathname.replace(/^\/servicesNS\/[^/]+\/[^/]+|^\/services/, ""),
      lang: "en-US",
      method: request.method,
      ns: { app: "search", user: user.name },
      form: isForm ? [...new URLSearchParams(payload)] : [],
      ...(isOn("passPayload") ? { payload } : {}),
    });
  }
}

function listed(entry: { name: string; content: object }[], asked?: string): HandlerAnswer {
  if (asked !== undefined && asked !== "" && entry.length === 0) return failed(404, `Could not find object id=${asked}`);
  return {
    status: 200,
    headers: {},
    payload: { origin: "", generator: { version: "10.0.2" }, entry, paging: { total: entry.length }, messages: [] },
  };
}

function failed(status: number, text: string): HandlerAnswer {
  return { status, headers: {}, payload: { messages: [{ type: "ERROR", text }] } };
}
