import type { Run } from "#contract/run.ts";
import { type TestBridge, testBridge } from "../../server/support/bridge.ts";
import { type Counted, type CountingProxy, countingProxy, type Fate } from "./counting-proxy.ts";
import { type Chunk, chunkCsv } from "./csv.ts";
import { python } from "./pythons.ts";
import { playSplunkd, type Splunkd, type SplunkdOptions } from "./splunkd.ts";

/** A real bridge and a splunkd that knows it, with a proxy between them that counts. */
export interface WithBridge extends AsyncDisposable {
  readonly test: TestBridge;
  readonly splunkd: Splunkd;
  readonly proxy: CountingProxy;
  /** The runs of a search as the bridge tells them, newest first. */
  runsOf(sid: string): Promise<Run[]>;
  /** What the bridge answers, as CSV, to somebody who sends these rows himself. */
  direct(options: Record<string, string>, chunk?: Chunk): Promise<Buffer>;
}

export interface WithBridgeOptions extends Partial<Omit<SplunkdOptions, "bridge">> {
  /** More settings of the bridge. */
  readonly bridge?: Record<string, string>;
  /** More settings of the app. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly fateOf?: (request: Counted) => Fate;
}

export async function withBridge({ bridge = {}, settings = {}, fateOf, ...splunk }: WithBridgeOptions = {}): Promise<WithBridge> {
  await using stack = new AsyncDisposableStack();
  const test = stack.use(await testBridge(bridge));
  const proxy = stack.use(await countingProxy(test.bridge.url, fateOf));
  const known = { address: proxy.address, token: test.bridge.token, settings };
  const splunkd = stack.use(await playSplunkd({ python, ...splunk, bridge: known }));
  const parts = stack.move();
  return {
    ...{ test, splunkd, proxy },
    runsOf: async (sid) => (await (await test.ask(`/v1/runs?${new URLSearchParams({ search: sid })}`)).json()) as Run[],
    async direct(options, chunk = []) {
      const answer = await test.compute(options, chunkCsv(chunk));
      if (answer.status !== 200) throw new Error(await answer.text());
      return Buffer.from(await answer.arrayBuffer());
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
