import type { Clock } from "#contract/edges.ts";

const TO_SECONDS = "2026-11-21T17:00:00".length;

/** The system's clock. Each call asks for the time twice: the text of a second is made once. */
export function systemClock(): Clock {
  let second = Number.NaN;
  let text = "";
  return {
    now() {
      const ms = Date.now();
      const asked = Math.floor(ms / 1000);
      if (asked !== second) {
        second = asked;
        text = new Date(asked * 1000).toISOString().slice(0, TO_SECONDS);
      }
      return `${text}.${String(ms - asked * 1000).padStart(3, "0")}Z`;
    },
    ticks: () => performance.now(),
  };
}
