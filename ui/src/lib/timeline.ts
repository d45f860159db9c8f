/** The time that a slider over the past shows, in equal parts. */
export interface Window {
  from: number;
  to: number;
  parts: number;
}

const hour = 3_600_000;

export const spans = [
  { id: "1h", ms: hour, word: "1 hour" },
  { id: "6h", ms: 6 * hour, word: "6 hours" },
  { id: "1d", ms: 24 * hour, word: "1 day" },
  { id: "7d", ms: 7 * 24 * hour, word: "7 days" },
  { id: "30d", ms: 30 * 24 * hour, word: "30 days" },
] as const;

export type Span = (typeof spans)[number]["id"];

export const parts = 120;

/** The span that was chosen, or the shortest that holds the moment; an hour without either. */
export function spanFor(chosen: string | undefined, moment: number | undefined, now: number): Span {
  const fits = (ms: number): boolean => moment === undefined || now - moment < ms;
  const picked = spans.find((s) => s.id === chosen);
  if (picked && fits(picked.ms)) return picked.id;
  return spans.find((s) => fits(s.ms))?.id ?? "30d";
}

/** The window of a span that ends now. It moves by whole parts, so that a part holds the same changes while it lasts. */
export function windowOf(span: Span, now: number): Window {
  const ms = spans.find((s) => s.id === span)?.ms ?? hour;
  const step = ms / parts;
  const to = (Math.floor(now / step) + 1) * step;
  return { from: to - ms, to, parts };
}

export function startOf(w: Window, part: number): number {
  return w.from + (part * (w.to - w.from)) / w.parts;
}

export function partOf(w: Window, moment: number): number {
  return Math.max(0, Math.min(w.parts - 1, Math.floor(((moment - w.from) / (w.to - w.from)) * w.parts)));
}

/** The moment before the last changes before moment; undefined when the window has none. */
export function changeBefore(w: Window, counts: readonly number[], moment: number): number | undefined {
  for (let i = counts.length - 1; i >= 0; i--)
    if ((counts[i] ?? 0) > 0 && startOf(w, i) < moment - 999) return startOf(w, i);
  return undefined;
}

/** The moment after the next changes after moment; undefined when the window has none. */
export function changeAfter(w: Window, counts: readonly number[], moment: number): number | undefined {
  for (let i = 0; i < counts.length; i++)
    if ((counts[i] ?? 0) > 0 && startOf(w, i + 1) > moment + 999) return startOf(w, i + 1);
  return undefined;
}

/** A moment as a query says it, to the second. */
export function written(moment: number): string {
  return new Date(moment).toISOString().replace(/\.\d+Z$/, "Z");
}
