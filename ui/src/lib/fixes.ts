import { tokenize } from "./tokens";

/** A rewrite of the query that the hub's error offers in its sentence. */
export interface Fix {
  label: string;
  query: string;
}

/**
 * Rewrites that a fix names: "Did you mean ns:shop? To search for the text, write "n:shop".", "Write image:"a:1" for an
 * image, or "a:1" for the text." Sentences that only explain give none. from and to are UTF-16 offsets.
 */
export function fixesOf(query: string, sentence: string, from: number, to: number): Fix[] {
  const patterns = [
    /Did you mean (\S+)\?/g,
    /\b[Ww]rite (\S+) for (?:an? \w+|the text)\b/g,
    /\bor (\S+) for the text\b/g,
    /search for the text, write (\S+?)\.(?:\s|$)/g,
  ];
  const found: Fix[] = [];
  for (const pattern of patterns) {
    for (const m of sentence.matchAll(pattern)) {
      const label = m[1] ?? "";
      if (label === "" || found.some((f) => f.label === label)) continue;
      const [start, end] = isTerm(label) ? termAt(query, from, to) : [from, to];
      found.push({ label, query: query.slice(0, start) + label + query.slice(end) });
    }
  }
  return found;
}

/** A whole term, and not only a value. */
function isTerm(text: string): boolean {
  return text.startsWith('"') || tokenize(text).some((t) => t.type === "operator");
}

/** The run without spaces around [from, to), a minus before it left alone. */
function termAt(query: string, from: number, to: number): [number, number] {
  let start = from;
  while (start > 0 && !/[\s()]/.test(query.charAt(start - 1))) start--;
  if (start < from && /[-!]/.test(query.charAt(start))) start++;
  let end = to;
  while (end < query.length && !/[\s()]/.test(query.charAt(end))) end++;
  return [start, end];
}
