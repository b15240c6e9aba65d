import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { isLiving } from "../../../../server/environments/local/living.ts";
import { killSession } from "../../../../server/environments/local/session.ts";

/** No process has such an id. */
const BEYOND = 2 ** 22;
const SESSIONS = 12;
/** Leads a session; its children: one in it, one that left it, and one that left it and whose parent ended. Says their ids. */
const FAMILY = `
sleep 300 & echo $!
setsid sleep 300 & echo $!
sh -c 'setsid sleep 300 & echo $!'
wait
`;

it("opens few files however many workers end together", async () => {
  const opened = () => readdirSync("/proc/self/fd").length;
  const before = opened();
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, opened() - before);
  }, 1);
  const ending = Array.from({ length: 200 }, (_, number) =>
    killSession(BEYOND + number, { isGone: true, mark: `COMPUTE_BRIDGE_SOCKET=/nowhere/${number}.sock` }),
  );
  await Promise.all(ending);
  clearInterval(timer);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(200);
});

it("ends each of many with all that it started, whoever asks meanwhile, and nothing of the others", async () => {
  const families = await Promise.all(Array.from({ length: SESSIONS }, (_, number) => startFamily(`/nowhere/family-${number}.sock`)));
  const [kept, ...doomed] = families;
  const last = doomed.pop();
  if (!kept || !last) throw new Error("no family was started");
  expect(families.flatMap(({ pids }) => pids).filter(isLiving)).toHaveLength(SESSIONS * 4);
  const ending = doomed.map(async ({ pids: [leader = 0], mark }, at) => {
    if (at % 2 === 1) await new Promise((resolve) => setTimeout(resolve, at));
    await killSession(leader, { mark });
  });
  // Its leader has ended already: the rest is found by their session and their mark.
  process.kill(last.pids[0] ?? 0, "SIGKILL");
  await once(last.child, "exit");
  await Promise.all([...ending, killSession(last.pids[0] ?? 0, { isGone: true, mark: last.mark })]);
  expect([...doomed, last].flatMap(({ pids }) => pids).filter(isLiving)).toEqual([]);
  expect(kept.pids.filter(isLiving)).toEqual(kept.pids);
  await killSession(kept.pids[0] ?? 0, { mark: kept.mark });
  expect(kept.pids.filter(isLiving)).toEqual([]);
});

async function startFamily(socket: string): Promise<{ child: ReturnType<typeof spawn>; pids: number[]; mark: string }> {
  const mark = `COMPUTE_BRIDGE_SOCKET=${socket}`;
  const env = { PATH: process.env.PATH, COMPUTE_BRIDGE_SOCKET: socket };
  const child = spawn("sh", ["-c", FAMILY], { detached: true, env, stdio: ["ignore", "pipe", "ignore"] });
  const pids = [child.pid ?? 0];
  let text = "";
  for await (const piece of child.stdout) {
    text += piece;
    if (text.split("\n").length > 3) break;
  }
  pids.push(...text.trim().split("\n").map(Number));
  return { child, pids, mark };
}
