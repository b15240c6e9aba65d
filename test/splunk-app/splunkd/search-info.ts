import { splitCommand } from "./arguments.ts";

/** What a search is, as far as its commands are told. */
export interface SearchFacts {
  /** `compute algorithm="x" …` */
  readonly command: string;
  /** What stands before it in the search. */
  readonly before: string;
  readonly sid: string;
  readonly user: string;
  readonly app: string;
  /** Undefined: splunkd sends none (some parse-time processes). */
  readonly sessionKey: string | undefined;
  readonly splunkdUri: string;
  readonly dispatchDir: string;
  readonly isPreview: boolean;
}

/** The metadata of a getinfo request, all keys of it. */
export function getinfo({ command, before, sid, user, app, sessionKey, splunkdUri, dispatchDir, isPreview }: SearchFacts) {
  const { name, args, rawArgs } = splitCommand(command);
  return {
    action: "getinfo",
    preview: isPreview,
    streaming_command_will_restart: false,
    searchinfo: {
      args,
      raw_args: rawArgs,
      dispatch_dir: dispatchDir,
      sid,
      app,
      owner: user,
      username: user,
      ...(sessionKey === undefined ? {} : { session_key: sessionKey }),
      splunkd_uri: splunkdUri,
      splunk_version: "10.0.2",
      search: encodeURIComponent(`${before} | ${command}`),
      command: name,
      maxresultrows: 50_000,
      earliest_time: "1767222000",
      latest_time: "1767225600.000000000",
    },
  };
}
