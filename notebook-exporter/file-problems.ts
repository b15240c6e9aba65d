import type { Problem } from "#contract/problem.ts";
import type { Odd } from "./file-state.ts";

/** The longest notebook that is read, in bytes: its text must fit into one string, and into memory a few times over. */
export const LARGEST = 256 * 2 ** 20;

const SERVES_ON = "until then the old version serves on";

/** Why a notebook's file cannot be exported: each an error at the whole notebook. */
function problem(code: string, message: string, hint: string): Problem {
  return { severity: "error", code, message, hint };
}

export function notJson(why: string): Problem {
  return problem("not-json", `The file is not valid JSON: ${why}.`, `Save it again, or take the last version that worked; ${SERVES_ON}.`);
}

export function unfinished(): Problem {
  return problem(
    "unfinished",
    "The file is still being written: it keeps changing, and is no whole notebook yet.",
    `Wait for what writes it to end, or save it again; ${SERVES_ON}.`,
  );
}

export function tooLarge(bytes: number): Problem {
  return problem(
    "too-large",
    `The notebook has ${Math.ceil(bytes / 2 ** 20)} MiB; ${LARGEST / 2 ** 20} MiB are the most.`,
    "Clear its outputs and save it.",
  );
}

export function tooDeep(why: string): Problem {
  return problem("too-deep", `The notebook cannot be taken in: ${why}.`, "Take the deeply nested metadata out and save it.");
}

/** @param code the system's */
export function unreadable(code: string): Problem {
  const denied = code === "EACCES" || code === "EPERM";
  return problem(
    "unreadable",
    `The file cannot be read: ${denied ? "the bridge's user may not" : "the system answers"} (${code}).`,
    denied
      ? "Give the user that the bridge runs as the right to read it, and its folders the right to be entered."
      : "See that its disk works; it is read again by itself.",
  );
}

export function oddPlace(odd: Odd): Problem {
  switch (odd) {
    case "link to nothing":
      return problem("symbolic-link", "It is a symbolic link to nothing.", "Put the file back that it points to, or remove the link.");
    case "link to the outside":
      return problem(
        "symbolic-link",
        "It is a symbolic link that leads out of the notebooks folder, and such are not followed.",
        "Put the notebook itself there, or let the link lead to a notebook within that folder.",
      );
    case "folder":
      return problem("not-a-file", "It is a folder, although its name ends as a notebook's.", "Rename the folder.");
    case "special":
      return problem("not-a-file", "It is no plain file.", "Remove it, or put a notebook there.");
    default:
      return unreadable(odd);
  }
}
