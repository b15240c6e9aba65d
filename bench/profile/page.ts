/** The page with the text between the marks of this name replaced. @throws Error for a page without marks */
export function renewed(page: string, name: "profile" | "timeline", text: string): string {
  const [begin, end] = ["begin", "end"].map((which) => `<!-- ${name}: ${which} -->`) as [string, string];
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`The page has no place for the ${name}: put ${begin} and ${end} in it.`);
  return `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`;
}
