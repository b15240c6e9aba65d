import { isIPv6 } from "node:net";
import { totalmem } from "node:os";
import { resolve } from "node:path";
import { z } from "zod";

export interface Config {
  /** BRIDGE_HOME: all that people make. Absolute, like every path here. */
  readonly home: string;
  /** The address of a Postgres database; null: SQLite, in the home. */
  readonly store: string | null;
  readonly host: string;
  readonly port: number;
  /** How the bridge speaks: null is plain HTTP, on loopback alone. */
  readonly tls: { readonly cert: string; readonly key: string } | { readonly names: readonly string[] } | null;
  readonly python: string;
  /** Null: BRIDGE_JUPYTER is `off`. */
  readonly jupyter: { readonly program: string; readonly port: number } | null;
  /** Bytes that all workers together may use. */
  readonly memory: number;
  /** Calls that may wait for one algorithm. */
  readonly queue: number;
  /** Seconds that a call may take. */
  readonly timeout: number;
  /** How many runs are kept; the oldest go first, with their events. */
  readonly keepRuns: number;
  /** Those of BRIDGE_TOKENS and `api_token`; the generated one is not among them. */
  readonly tokens: readonly NamedToken[];
  /** scan: notebooks and modules are looked through every second, whatever the system tells of changes. */
  readonly watch: "notify" | "scan";
  readonly logLevel: LogLevel;
}

/** Who a token stands for, in records and logs, and its text, which appears in neither. */
export interface NamedToken {
  readonly name: string;
  readonly token: string;
}

/** Environment variables that cannot be used, each with what is allowed. Stops the start. */
export class BadConfig extends Error {
  override readonly name = "BadConfig";
}

const LogLevel = z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]);
type LogLevel = z.infer<typeof LogLevel>;

const SHORTEST_TOKEN = 16;
const DEFAULT_MEMORY_SHARE = 0.6;
const unitBytes = { M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 } as const;

const whole = (min: number, max: number) => z.string().regex(/^\d+$/).transform(Number).pipe(z.int().min(min).max(max));

const Memory = z.templateLiteral([z.number().positive(), z.enum(["M", "G", "T"])]).transform((text) => {
  const unit = z.enum(["M", "G", "T"]).parse(text.slice(-1));
  return Math.floor(Number(text.slice(0, -1)) * unitBytes[unit]);
});

const Tokens = z.string().transform((text, context) => {
  const tokens = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part, index) => {
      // A `=` at the very end is the padding of a bare token in base64, not a name without a token.
      const [, name = `token-${index + 1}`, token = part] = /^([A-Za-z][\w.-]{0,63})=([^=].*)$/.exec(part) ?? [];
      return { name, token };
    });
  if (tokens.some(({ token }) => token.length < SHORTEST_TOKEN)) context.addIssue("short");
  if (new Set(tokens.map(({ name }) => name)).size < tokens.length) context.addIssue("twice");
  return tokens;
});

const Environment = z.object({
  BRIDGE_HOME: z.string().default("home"),
  BRIDGE_STORE: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  BRIDGE_HOST: z
    .string()
    .regex(/^[\w.:-]+$/)
    // A port belongs to BRIDGE_PORT; colons are an IPv6 address's alone.
    .refine((host) => !host.includes(":") || isIPv6(host))
    .default("127.0.0.1"),
  BRIDGE_PORT: whole(0, 65535).default(5000),
  BRIDGE_TLS: z.enum(["auto", "on"]).default("auto"),
  BRIDGE_TLS_CERT: z.string().optional(),
  BRIDGE_TLS_KEY: z.string().optional(),
  BRIDGE_TLS_NAMES: z
    .string()
    .regex(/^[\w.:, -]+$/)
    .default(""),
  BRIDGE_PYTHON: z.string().default(".python/models/bin/python"),
  BRIDGE_JUPYTER: z.string().default(".python/jupyter/bin/jupyter"),
  BRIDGE_JUPYTER_PORT: whole(0, 65535).default(8888),
  BRIDGE_MEMORY: Memory.pipe(z.number().min(256 * unitBytes.M)).optional(),
  BRIDGE_QUEUE: whole(1, 100_000).default(64),
  BRIDGE_TIMEOUT: whole(1, 7 * 86_400).default(3600),
  BRIDGE_KEEP_RUNS: whole(1000, 1_000_000_000).default(100_000),
  BRIDGE_TOKENS: Tokens.default([]),
  api_token: z.string().optional(),
  BRIDGE_WATCH: z.enum(["notify", "scan"]).default("notify"),
  BRIDGE_LOG: LogLevel.default("info"),
});

const allowed: Record<keyof z.infer<typeof Environment>, string> = {
  BRIDGE_HOME: "a folder",
  BRIDGE_STORE: "the address of a Postgres database, such as postgres://bridge@127.0.0.1:5432/bridge",
  BRIDGE_HOST: "an address or name of this machine, such as 127.0.0.1",
  BRIDGE_PORT: "a whole number from 0 (any free port) to 65535",
  BRIDGE_TLS: "auto (TLS where other machines reach the bridge) or on",
  BRIDGE_TLS_CERT: "the path of a certificate, with those that signed it, in PEM, and set BRIDGE_TLS_KEY, too",
  BRIDGE_TLS_KEY: "the path of the certificate's key, in PEM, and set BRIDGE_TLS_CERT, too",
  BRIDGE_TLS_NAMES: "names and addresses of this machine, separated by commas",
  BRIDGE_PYTHON: "the path of a Python program",
  BRIDGE_JUPYTER: "the path of a jupyter program, or off",
  BRIDGE_JUPYTER_PORT: "a whole number from 0 (any free port) to 65535",
  BRIDGE_MEMORY: "a number with M, G or T, such as 8G, and 256M at least",
  BRIDGE_QUEUE: "a whole number from 1 to 100000",
  BRIDGE_TIMEOUT: "a whole number of seconds from 1 to 604800",
  BRIDGE_KEEP_RUNS: "a whole number from 1000 to 1000000000",
  BRIDGE_TOKENS: `tokens of ${SHORTEST_TOKEN} characters or more, separated by commas, each alone or as name=token with a name of its own`,
  api_token: "a token",
  BRIDGE_WATCH: "notify or scan",
  BRIDGE_LOG: `one of ${LogLevel.options.join(", ")}`,
};

/**
 * The configuration from environment variables; an empty one counts as not set. Relative paths start at `root`, the
 * folder of the checkout.
 *
 * @param memory the machine's, in bytes
 * @throws BadConfig naming every variable that is wrong
 */
export function readConfig(env: NodeJS.ProcessEnv, { root, memory = totalmem() }: { root: string; memory?: number }): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const parsed = Environment.safeParse(set);
  if (!parsed.success) throw new BadConfig(complaint(parsed.error, set));
  const { data } = parsed;
  for (const [one, other] of [
    ["BRIDGE_TLS_CERT", "BRIDGE_TLS_KEY"],
    ["BRIDGE_TLS_KEY", "BRIDGE_TLS_CERT"],
  ] as const) {
    if (data[one] !== undefined && data[other] === undefined) throw new BadConfig(`${one} needs ${other}: give ${allowed[other]}.`);
  }
  const own = data.api_token === undefined ? [] : [{ name: "api_token", token: data.api_token }];
  const isLoopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(data.BRIDGE_HOST);
  return {
    home: resolve(root, data.BRIDGE_HOME),
    store: data.BRIDGE_STORE ?? null,
    host: data.BRIDGE_HOST,
    port: data.BRIDGE_PORT,
    python: program(root, data.BRIDGE_PYTHON),
    jupyter: data.BRIDGE_JUPYTER === "off" ? null : { program: program(root, data.BRIDGE_JUPYTER), port: data.BRIDGE_JUPYTER_PORT },
    memory: data.BRIDGE_MEMORY ?? Math.floor(memory * DEFAULT_MEMORY_SHARE),
    queue: data.BRIDGE_QUEUE,
    timeout: data.BRIDGE_TIMEOUT,
    keepRuns: data.BRIDGE_KEEP_RUNS,
    tokens: [...data.BRIDGE_TOKENS, ...own],
    watch: data.BRIDGE_WATCH,
    logLevel: data.BRIDGE_LOG,
    tls: tlsOf(data, root, isLoopback),
  };
}

/** Beyond loopback nothing goes over the wire that others could read or change: there is no way to switch that off. */
function tlsOf(
  { BRIDGE_TLS: when, BRIDGE_TLS_CERT: cert, BRIDGE_TLS_KEY: key, BRIDGE_TLS_NAMES: names }: z.infer<typeof Environment>,
  root: string,
  isLoopback: boolean,
): Config["tls"] {
  if (cert !== undefined && key !== undefined) return { cert: resolve(root, cert), key: resolve(root, key) };
  if (isLoopback && when === "auto") return null;
  return { names: names.split(",").flatMap((each) => each.trim() || []) };
}

/** Not `realpath`: the interpreter of a virtual environment is a link, and what it links to knows nothing of the environment. */
function program(root: string, path: string): string {
  return path.includes("/") ? resolve(root, path) : path;
}

/** Hold tokens or a password: what they were set to is not shown. */
const secret: ReadonlySet<string> = new Set(["BRIDGE_TOKENS", "api_token", "BRIDGE_STORE"]);

function complaint(error: z.ZodError, env: NodeJS.ProcessEnv): string {
  const names = new Set(error.issues.map(({ path }) => Environment.keyof().parse(path[0])));
  const lines = Array.from(names, (name) => {
    const value = secret.has(name) ? "" : ` is ${JSON.stringify(env[name])}, which`;
    return `${name}${value} cannot be used: give ${allowed[name]}.`;
  });
  return lines.join("\n");
}
