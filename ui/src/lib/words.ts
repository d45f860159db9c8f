/** What somebody typed as words of a query, none of which is taken for more than a word; the last may be a beginning. */
export function wordsOf(typed: string): string {
  return typed
    .split(/\s+/)
    .filter((w) => w !== "")
    .map((w) => (plain(w) ? w : `"${w.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`))
    .join(" ");
}

function plain(word: string): boolean {
  return /^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u.test(word) && !/^(?:OR|AND|NOT)$/.test(word);
}
