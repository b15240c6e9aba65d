import { join } from "node:path";
import { CommandProcess, type Pieces } from "./command-process.ts";
import { readConf } from "./conf.ts";
import type { Chunk } from "./csv.ts";
import { makeDispatch } from "./dispatch.ts";
import { APP, appSource, type Installation, install } from "./installation.ts";
import { Management } from "./management.ts";
import { RestHandlers } from "./rest-handler.ts";
import { resultOf, type SearchResult } from "./result.ts";
import { RunningSearch } from "./running-search.ts";
import type { SearchFacts } from "./search-info.ts";
import { type Users, usersOf } from "./users.ts";

export interface SplunkdOptions {
  /** The Python that runs the command and the handler. */
  readonly python: string;
  /** The bridge as an administrator entered it on the set-up page; `ca` is a file. More settings go into the same stanza. */
  readonly bridge: {
    readonly address: string;
    readonly token: string;
    readonly ca?: string;
    readonly settings?: Readonly<Record<string, string>>;
  };
  /** Roles of each user. Default: alice, a bridge_engineer. */
  readonly users?: Readonly<Record<string, readonly string[]>>;
  /** An empty folder for SPLUNK_HOME; default: one of its own. */
  readonly home?: string;
  /** Another app than the repository's. */
  readonly source?: string;
  /** More of the environment of the command. */
  readonly env?: Readonly<Record<string, string>>;
  /** A command line to run the command under. */
  readonly under?: readonly string[];
}

export interface SearchAsked {
  /** `compute algorithm="x" method=apply` */
  readonly command: string;
  readonly as?: string;
  /** The app that the user searches in. */
  readonly app?: string;
  readonly sid?: string;
  /** Whether this process makes a preview. */
  readonly preview?: boolean;
  /** How requests are cut; default: as one. */
  readonly pieces?: Pieces;
  /** False: splunkd gives no session key. */
  readonly isLoggedIn?: boolean;
}

export interface WholeSearch extends SearchAsked {
  readonly chunks?: readonly Chunk[];
  /** Beside the final process, one that makes a preview of the rows so far after each of these chunks. */
  readonly previewsAfter?: readonly number[];
  /** Default: what splunkd does for the command's type. */
  readonly lastIsHeader?: boolean;
}

/** As much of splunkd as a search command and a persistent handler see. */
export class Splunkd implements AsyncDisposable {
  readonly installation: Installation;
  readonly management: Management;
  readonly users: Users;
  readonly handlers: RestHandlers;
  readonly #options: SplunkdOptions;
  #searches = 0;

  constructor(options: SplunkdOptions, parts: Pick<Splunkd, "installation" | "management" | "users" | "handlers">) {
    this.#options = options;
    this.installation = parts.installation;
    this.management = parts.management;
    this.users = parts.users;
    this.handlers = parts.handlers;
  }

  /** Starts the command's process; the caller takes the steps. */
  async start(asked: SearchAsked): Promise<RunningSearch> {
    const { command, cwd, env, facts } = await this.prepare(asked);
    return new RunningSearch(new CommandProcess(command, { cwd, env }), facts, asked.pieces);
  }

  /** What a search's process is started with and told: for who starts it otherwise. */
  async prepare({ command, as = "alice", app = "search", sid = this.#newSid(), preview = false, isLoggedIn = true }: SearchAsked) {
    const { installation, management, users } = this;
    const dispatchDir = await makeDispatch(installation.home, sid, as);
    const name = command.trim().split(/\s/)[0] ?? "";
    const settings = (await readConf(installation.app, "commands")).get(name);
    const file = join(installation.app, "bin", settings?.filename ?? `${name}.py`);
    const sessionKey = isLoggedIn ? users.login(as) : undefined;
    const facts: SearchFacts = {
      ...{ command, before: "search index=main", sid, user: as, app, sessionKey },
      ...{ splunkdUri: management.uri, dispatchDir, isPreview: preview },
    };
    return {
      command: [...(this.#options.under ?? []), this.#options.python, file],
      cwd: dispatchDir,
      env: { ...installation.env, ...this.#options.env },
      facts,
    };
  }

  /** A whole search: getinfo, the chunks, the last one, the drain. @throws BrokenProtocol, CommandEnded */
  async search({ chunks = [], previewsAfter = [], lastIsHeader, ...asked }: WholeSearch): Promise<SearchResult> {
    const began = performance.now();
    const logged = (await this.installation.log()).length;
    await using running = await this.start(asked);
    const previews: Promise<SearchResult>[] = [];
    await running.getinfo();
    const withHeader = lastIsHeader ?? ["streaming", "stateful"].includes(running.type);
    for (const [at, chunk] of chunks.entries()) {
      if (running.isOver) break;
      await running.send(chunk, !withHeader && at === chunks.length - 1);
      if (!previewsAfter.includes(at)) continue;
      const { sid } = running.facts;
      previews.push(this.search({ ...asked, sid, chunks: chunks.slice(0, at + 1), preview: true, lastIsHeader: false }));
    }
    if (!running.isOver && (withHeader || chunks.length === 0)) await running.end();
    await running.drain();
    return await this.result(running, began, logged, await Promise.all(previews));
  }

  /** Closes a search that was taken step by step, and says what it showed. */
  async result(running: RunningSearch, began = performance.now(), logged = 0, previews: SearchResult[] = []): Promise<SearchResult> {
    const { command, replies, facts } = running;
    const ended = await command.finish();
    const log = (await this.installation.log()).slice(logged);
    const { stderr, peakRss, visible } = command;
    return resultOf({
      ...ended,
      replies,
      stderr,
      log,
      peakRss,
      visible,
      sid: facts.sid,
      previews,
      seconds: (performance.now() - began) / 1000,
    });
  }

  /** The parser's own process: getinfo under an id of its own, and no more. */
  async parse(asked: SearchAsked): Promise<SearchResult> {
    await using running = await this.start({ sid: `searchparsetmp_${this.#newSid()}`, ...asked });
    await running.getinfo();
    return await this.result(running);
  }

  /** Where a secret can be seen: in what the search showed, in any log, dispatch folder or file of the app. */
  async leaks(results: readonly SearchResult[], more: readonly string[]): Promise<string[]> {
    const given = this.management.asked.flatMap(({ path, payload }) => (path.endsWith("/token") ? tokenIn(payload) : []));
    const secrets = [...this.users.secrets, this.#options.bridge.token, ...given, ...more];
    const has = (text: string) => secrets.some((each) => text.includes(each));
    const shown = results.flatMap(({ stderr, messages, error, visible }) =>
      Object.entries({ stderr, messages: messages.join("\n"), error: error ?? "", visible }).filter(([, text]) => has(text)),
    );
    const files = await Promise.all(["etc/apps", "var"].map((folder) => this.installation.filesWith(folder, secrets)));
    return [...shown.map(([where]) => where), ...(has(this.handlers.stderr) ? ["stderr of the handler"] : []), ...files.flat()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handlers[Symbol.asyncDispose]();
    await this.management[Symbol.asyncDispose]();
    await this.installation[Symbol.asyncDispose]();
  }

  #newSid(): string {
    this.#searches += 1;
    return `1767225600.${this.#searches}`;
  }
}

/** Installs the app in a SPLUNK_HOME of its own and serves its management port. */
export async function playSplunkd(options: SplunkdOptions): Promise<Splunkd> {
  const { address, token, ca = "", settings = {} } = options.bridge;
  const lines = Object.entries({ address, ...(ca === "" ? {} : { ca }), ...settings }).map(([key, value]) => `${key} = ${value}`);
  const installation = await install(options.source ?? appSource, { [`${APP}.conf`]: `[bridge]\n${lines.join("\n")}\n` }, options.home);
  const certificate = await installation.authority.sign("SplunkServerDefaultCert");
  const users = await usersOf(installation.app, options.users ?? { alice: ["bridge_engineer"] });
  const handlers = new RestHandlers({ python: options.python, app: installation.app, env: installation.env });
  const passwords = [{ realm: APP, username: "bridge", password: token }];
  const management = await Management.listen({ certificate, users, handlers, app: installation.app, passwords });
  return new Splunkd(options, { installation, management, users, handlers });
}

function tokenIn(payload: unknown): string[] {
  const value: unknown = typeof payload === "string" ? JSON.parse(payload) : payload;
  return typeof value === "object" && value !== null && "token" in value && typeof value.token === "string" ? [value.token] : [];
}
