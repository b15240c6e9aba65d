/** Whether what bears this name was left behind by a bridge that has ended: nobody finishes it. */
export type IsLeft = (name: string) => boolean | Promise<boolean>;

/** How the names of what a bridge has not finished begin. @param bridge null: no other uses the home, and none is marked */
export function markOf(bridge: number | null): string {
  return bridge === null ? "" : `bridge-${bridge}-`;
}

/** The number in a name's mark; undefined: it has none. */
export function markedBy(name: string): number | undefined {
  const [, bridge] = /^bridge-(\d+)-/.exec(name) ?? [];
  return bridge === undefined ? undefined : Number(bridge);
}
