/** The members of a JSON object (known to be valid) by key, each as it was written. */
export function rawMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  const string = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
  let at = text.indexOf("{") + 1;
  for (;;) {
    at = skip(text, at, /[\s,]/);
    if (text[at] === "}" || at >= text.length) return members;
    string.lastIndex = at;
    const key = string.exec(text)?.[0] ?? "";
    at = skip(text, skip(text, at + key.length, /\s/) + 1, /\s/);
    const end = valueEnd(text, at, string);
    members.set(String(JSON.parse(key)), text.slice(at, end));
    at = end;
  }
}

function skip(text: string, at: number, what: RegExp): number {
  let i = at;
  while (i < text.length && what.test(text[i] ?? "")) i++;
  return i;
}

function valueEnd(text: string, from: number, string: RegExp): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const char = text[i];
    if (char === '"') {
      string.lastIndex = i;
      i += (string.exec(text)?.[0].length ?? 1) - 1;
    } else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") {
      if (depth === 0) return i;
      depth--;
    } else if (char === "," && depth === 0) return i;
    if (depth === 0 && (char === "}" || char === "]")) return i + 1;
  }
  return text.length;
}
