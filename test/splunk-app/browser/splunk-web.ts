import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { appFolder } from "../handler/handler-process.ts";

const FORM_KEY = "1234567890123456789";
const PAGE = "/en-US/app/compute_bridge/setup";
const types: Record<string, string> = { js: "text/javascript", css: "text/css", html: "text/html; charset=utf-8" };

/**
 * Splunk Web as far as the set-up page meets it: the page with its script, and a way to the app's REST for a POST that
 * shows the form key of its cookie.
 *
 * @param ask hands a request's body on to the app, undefined for a GET
 * @param partsFirst whether the page's parts are there when its script is loaded: Splunk Web does both
 */
export async function splunkWeb(ask: (body?: object) => Promise<{ status: number; payload: string }>, partsFirst: boolean) {
  const server = createServer(async (request, response) => {
    const [status, type, content] = await answer(request);
    response.writeHead(status, { "content-type": type, "set-cookie": `splunkweb_csrf_token_${port}=${FORM_KEY}; path=/` });
    response.end(content);
  });
  const answer = async (request: IncomingMessage): Promise<[number, string, string | Buffer]> => {
    const { pathname } = new URL(request.url ?? "", "http://splunk");
    const file = /^\/en-US\/static\/app\/compute_bridge\/(setup\.(js|css))$/.exec(pathname);
    if (file) return [200, types[file[2] ?? ""] ?? "", await readFile(join(appFolder, "appserver/static", file[1] ?? ""))];
    if (pathname === PAGE) return [200, types.html ?? "", await page(partsFirst)];
    if (pathname !== "/en-US/splunkd/__raw/services/compute_bridge/setup") return [404, "text/plain", "Not Found"];
    if (request.headers["x-requested-with"] !== "XMLHttpRequest") return [400, "text/plain", "no page asks so"];
    if (request.method === "GET") return toAnswer(await ask());
    const hasKey = request.headers["x-splunk-form-key"] === FORM_KEY && request.headers.cookie?.includes(FORM_KEY);
    return hasKey ? toAnswer(await ask(JSON.parse(await text(request)))) : [401, "text/plain", "CSRF validation failed"];
  };
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    page: `http://127.0.0.1:${port}${PAGE}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

const toAnswer = ({ status, payload }: { status: number; payload: string }): [number, string, string] => [
  status,
  "application/json",
  payload,
];

/** What Splunk Web makes of default/data/ui/views/setup.xml. */
async function page(partsFirst: boolean): Promise<string> {
  const xml = await readFile(join(appFolder, "default/data/ui/views/setup.xml"), "utf8");
  const parts = /<html>(.*?)<\/html>/s.exec(xml)?.[1] ?? "";
  const [, script = ""] = /script="([^"]+)"/.exec(xml) ?? [];
  const [, style = ""] = /stylesheet="([^"]+)"/.exec(xml) ?? [];
  const at = (file: string) => `/en-US/static/app/compute_bridge/${file}`;
  const load = `<script src="${at(script)}"></script>`;
  const later = `<main></main><script>setTimeout(() => { document.querySelector("main").innerHTML = ${JSON.stringify(parts)}; })</script>`;
  return `<!doctype html><title>Set up</title><link rel="stylesheet" href="${at(style)}">${partsFirst ? parts + load : load + later}`;
}
