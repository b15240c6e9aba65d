import type { SideKind } from "../measures/kinds.ts";
import { takeBeside, takeFair, takeLoad } from "./beside.ts";
import { takeCalls, takeMixed, takeScale } from "./calls.ts";
import { takeFitted, takeLarge, takeMemory } from "./large.ts";
import { takeKept, takeSaved, takeStarts } from "./living.ts";
import type { Turn, TurnParts } from "./turn.ts";

/** How a way is measured once, by kind of measure. Each throws an Error when the side stops answering. */
export const turns: Readonly<Record<SideKind, (parts: TurnParts) => Promise<Turn>>> = {
  small: takeCalls,
  flood: takeCalls,
  scale: takeScale,
  mixed: takeMixed,
  large: takeLarge,
  memory: takeMemory,
  fitted: takeFitted,
  beside: takeBeside,
  fair: takeFair,
  load: takeLoad,
  saved: takeSaved,
  kept: takeKept,
  starts: takeStarts,
};
