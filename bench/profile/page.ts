const BEGIN = "<!-- profile: begin -->";
const END = "<!-- profile: end -->";

/** The page with the text between its marks of `npm run bench:profile` replaced. @throws Error for a page without marks */
export function renewed(page: string, text: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END, from);
  if (from < 0 || to < 0) throw new Error(`The page has no place for the profile: put ${BEGIN} and ${END} in it.`);
  return `${page.slice(0, from + BEGIN.length)}\n${text}\n${page.slice(to)}`;
}
