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

/** Whether somebody writes the language and not only words. */
export function looksLikeQuery(text: string): boolean {
  return /[\w.\]"](?::|=|!=|<|>)\S/.test(text) || /(^|\s)(?:OR|AND|NOT)(\s|$)/.test(text) || /["()*]/.test(text);
}

/** Whether text has every word that is typed, in any order. */
export function like(text: string, typed: string): boolean {
  const low = text.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((w) => low.includes(w));
}
