/** How often what is being checked is looked for, in milliseconds: notifications may be lost, and some file systems send none. */
const LOOK_MS = 300;

/** Thrown by the check of a save that another one has replaced. */
export class Superseded extends Error {
  override readonly name = "Superseded";
  constructor() {
    super("a newer save replaces the one that is being checked");
  }
}

/** Fires, with Superseded, once what is being published is not what lies there any more. Until it is disposed of. */
export function supersededSignal(isCurrent: () => Promise<boolean>): { readonly signal: AbortSignal } & Disposable {
  const abort = new AbortController();
  let timer = setTimeout(look, LOOK_MS);
  let isOver = false;
  return {
    signal: abort.signal,
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(timer);
    },
  };

  function look(): void {
    isCurrent().then(
      (is) => {
        if (!is) abort.abort(new Superseded());
        else again();
      },
      again, // it cannot be read for the moment
    );
  }

  function again(): void {
    if (!isOver) timer = setTimeout(look, LOOK_MS);
  }
}

/** Whether a content that may change is the one given, or cannot be told for the moment. */
export function stays(contentNow: () => Promise<string | undefined>, content: string): () => Promise<boolean> {
  return async () => [undefined, content].includes(await contentNow());
}
