const grouped = new Intl.NumberFormat("en-US");
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

/** 12,345 */
export function count(n: number): string {
  return grouped.format(n);
}

/** 12.3K, for narrow places. */
export function short(n: number): string {
  return n < 10_000 ? count(n) : compact.format(n);
}

/** 1 cluster, 2 clusters. */
export function many(n: number, one: string, more = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : more}`;
}

/** a, b and c */
export function list(words: string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
