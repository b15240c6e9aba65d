import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface SplunkUser {
  readonly key: string;
  readonly capabilities: readonly string[];
}

/** What splunkd would hold; tests read and change it. */
export interface SplunkState {
  readonly users: Record<string, SplunkUser>;
  readonly conf: Record<string, Record<string, string>>;
  passwords: Record<string, string>;
  readonly roles: Record<string, Record<string, string[]>>;
  isConfigured: boolean;
  /** Requests, as `POST /path by alice`. */
  readonly asked: string[];
  /** Handshakes so far. */
  connections: number;
  /** When it closes a connection that a caller may still use: after each answer, which then says so or does not. */
  hangsUp?: "with a word" | "without a word";
  /** A path that is answered 500 with this text. */
  broken?: { readonly path: string; readonly says: string };
}

export const SYSTEM = "splunk-system-user";

/** The part of splunkd's REST that the app uses, with TLS. */
export async function splunkdRest(state: SplunkState, tls: { cert: string; key: string }) {
  const server = createServer(tls, async (request, response) => {
    const [status, content] = await answer(state, request);
    response.writeHead(status, { "content-type": "application/json", ...(state.hangsUp === "with a word" ? { connection: "close" } : {}) });
    if (state.hangsUp === "without a word") response.on("finish", () => request.socket.end());
    response.end(JSON.stringify(status < 400 ? { entry: content } : { messages: [{ type: "ERROR", text: content }] }));
  });
  server.on("secureConnection", () => state.connections++);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    uri: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

type Entries = { name: string; content: object }[];

async function answer(state: SplunkState, request: IncomingMessage): Promise<[number, Entries | string]> {
  const path = decodeURIComponent(new URL(request.url ?? "", "https://splunkd").pathname);
  const [name, user] = Object.entries(state.users).find(([, { key }]) => request.headers.authorization === `Splunk ${key}`) ?? [];
  if (!name || !user) return [401, "call not properly authenticated"];
  state.asked.push(`${request.method} ${path} by ${name}`);
  if (state.broken?.path === path) return [500, state.broken.says];
  const form = request.method === "POST" ? new URLSearchParams(await text(request)) : undefined;
  const may = (capability: string) => user.capabilities.includes(capability) || name === SYSTEM;
  if (path === "/services/authentication/current-context")
    return [200, [{ name, content: { username: name, capabilities: user.capabilities } }]];
  if (path.startsWith("/servicesNS/nobody/compute_bridge/storage/passwords")) {
    if (!may("list_storage_passwords")) return [403, "You (user=…) do not have permission to perform this operation"];
    return passwords(state, path.split("/").slice(6).join("/"), form);
  }
  if (path === "/servicesNS/nobody/compute_bridge/configs/conf-compute_bridge") return [200, listed(state.conf)];
  if (path === "/servicesNS/nobody/compute_bridge/configs/conf-compute_bridge/bridge" && form) {
    Object.assign(state.conf.bridge ?? {}, Object.fromEntries(form));
    return [200, []];
  }
  if (path === "/servicesNS/nobody/system/apps/local/compute_bridge" && form) {
    state.isConfigured = form.get("configured") === "true";
    return [200, []];
  }
  const [, collection = "", one] = /^\/services\/(authentication\/users|authorization\/roles)(?:\/(.+))?$/.exec(path) ?? [];
  const held = state.roles[collection];
  if (!held || !may("edit_roles")) return [held ? 403 : 404, "no such thing, or not for you"];
  if (one === undefined) return [200, listedRoles(collection, held)];
  if (!held[one]) return [404, `Could not find object id=${one}`];
  if (form) held[one] = [...form.values()];
  return [200, listedRoles(collection, { [one]: held[one] ?? [] })];
}

function passwords(state: SplunkState, name: string, form: URLSearchParams | undefined): [number, Entries | string] {
  if (form && name === "") state.passwords[`${form.get("realm")}:${form.get("name")}:`] = form.get("password") ?? "";
  else if (form) state.passwords[name] = form.get("password") ?? "";
  else if (!(name in state.passwords)) return [404, `Could not find object id=${name}`];
  return [200, [{ name, content: { clear_password: state.passwords[name], encr_password: "$7$" } }]];
}

const listed = (stanzas: Record<string, object>): Entries => Object.entries(stanzas).map(([name, content]) => ({ name, content }));
const listedRoles = (collection: string, held: Record<string, string[]>): Entries =>
  listed(
    Object.fromEntries(
      Object.entries(held).map(([name, has]) => [name, { [collection.endsWith("users") ? "roles" : "imported_roles"]: has }]),
    ),
  );
