import type { FastifyInstance } from "fastify";

/** What the bridge itself speaks of in problem+json. Everything else belongs to DSDL's clients, unknown addresses included. */
const ownAddress = /^\/(?:v1|health|metrics|docs|login|openapi\.json)(?:\/|$)/;

/** Whether errors at this address have DSDL's form, `{"detail": …}`. */
export function speaksDsdl(method: string, url: string): boolean {
  const path = pathOf(url);
  return !ownAddress.test(path) && !(path === "/compute" && method === "POST");
}

/** Whether an address is one of DLTK's, which carry their token: `/dltk/<token>/…`. */
export function speaksDltk(url: string): boolean {
  return url.startsWith("/dltk") && /^\/dltk(?:\/|$)/.test(pathOf(url));
}

/** The token in an address of DLTK's, decoded; undefined when it cannot be. */
export function pathTokenIn(url: string): string | undefined {
  try {
    return decodeURIComponent(pathOf(url).split("/")[2] ?? "");
  } catch {
    return undefined;
  }
}

/** The path as answers may show it: without the token. */
export function shownPath(url: string): string {
  return pathOf(url).replace(/^\/dltk\/[^/]*/, "/dltk/<token>");
}

export function pathOf(url: string): string {
  return url.split("?", 1)[0] ?? url;
}

/** Hears of each route as it is added, and says which verbs an address has. */
export function verbsOf(app: FastifyInstance): (url: string) => string[] {
  const routes: { methods: string[]; pattern: RegExp }[] = [];
  app.addHook("onRoute", ({ url, method }) => {
    routes.push({ methods: [method].flat(), pattern: patternOf(url) });
  });
  return (url) => {
    const path = pathOf(url);
    return [...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))].sort();
  };
}

function patternOf(url: string): RegExp {
  const source = url
    .split("/")
    .map((part) => (part === "*" ? ".*" : part.startsWith(":") ? "[^/]+" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")))
    .join("/");
  return new RegExp(`^${source}$`);
}
