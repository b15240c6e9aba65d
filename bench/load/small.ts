import { type Answered, Connection } from "./connection.ts";
import type { Calls, Case, SmallJob, Target } from "./job.ts";
import { checkOf, Tally } from "./right.ts";

/** A case that is ready to be sent and compared. */
interface Ready {
  readonly request: Buffer;
  readonly isRight: (answered: Answered) => boolean;
}

/** Cases made ready once, so that sending costs a write and looking at an answer a comparison. */
export function ready(connection: Connection, target: Target, cases: readonly Case[]): readonly Ready[] {
  return cases.map(({ path, body, results }) => ({
    request: connection.bytesOf("POST", path, target.headers, body),
    isRight: checkOf(target.form, results),
  }));
}

/** Sends the case of this number. Neighbours in time have different rows and, where there are two, different models. */
export async function one(connection: Connection, cases: readonly Ready[], number: number, tally: Tally): Promise<void> {
  const asked = cases[number % cases.length];
  if (!asked) throw new Error("A job needs a case.");
  const answered = await connection.send(asked.request);
  tally.add(answered, asked.isRight(answered));
}

/** Does a job of small calls on connections that stay open. */
export async function small({ target, cases, connections, enough }: Omit<SmallJob, "kind">): Promise<Calls> {
  using stack = new DisposableStack();
  const open = Array.from({ length: connections }, () => stack.use(new Connection(target.url)));
  const [first] = open;
  if (!first) throw new Error("A job needs a connection.");
  const prepared = ready(first, target, cases);
  const tally = new Tally();
  let sent = 0;
  const until = "seconds" in enough ? performance.now() + enough.seconds * 1000 : Number.POSITIVE_INFINITY;
  const most = "calls" in enough ? enough.calls : Number.POSITIVE_INFINITY;
  const serve = async (connection: Connection): Promise<void> => {
    while (sent < most && performance.now() < until) await one(connection, prepared, sent++, tally);
  };
  await Promise.all(open.map(serve));
  return tally.calls();
}
