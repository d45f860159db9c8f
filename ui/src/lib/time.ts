const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** Age as kubectl says it: 45s, 12m, 3h20m, 5h, 2d4h, 40d, 2y10d. */
export function age(from: string | null, now: number): string {
  if (!from) return "";
  const s = Math.max(0, Math.floor((now - Date.parse(from)) / 1000));
  if (Number.isNaN(s)) return "";
  const two = (n: number, unit: string, rest: number, small: string): string =>
    rest > 0 ? `${n}${unit}${rest}${small}` : `${n}${unit}`;
  if (s < 2 * minute) return `${s}s`;
  if (s < 10 * minute) return two(Math.floor(s / minute), "m", s % minute, "s");
  if (s < 3 * hour) return `${Math.floor(s / minute)}m`;
  if (s < 8 * hour) return two(Math.floor(s / hour), "h", Math.floor((s % hour) / minute), "m");
  if (s < 2 * day) return `${Math.floor(s / hour)}h`;
  if (s < 8 * day) return two(Math.floor(s / day), "d", Math.floor((s % day) / hour), "h");
  if (s < 2 * 365 * day) return `${Math.floor(s / day)}d`;
  return two(Math.floor(s / (365 * day)), "y", Math.floor((s % (365 * day)) / day), "d");
}

/** How long ago in words: just now, 40 s ago, 3 min ago, 2 h ago, 5 days ago. */
export function ago(from: string | null, now: number): string {
  if (!from) return "never";
  const s = Math.floor((now - Date.parse(from)) / 1000);
  if (Number.isNaN(s)) return "";
  if (s < 2) return "just now";
  if (s < 90) return `${s} s ago`;
  if (s < 90 * minute) return `${Math.round(s / minute)} min ago`;
  if (s < 36 * hour) return `${Math.round(s / hour)} h ago`;
  return `${Math.round(s / day)} days ago`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dated = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const full = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  timeZoneName: "short",
});
const dayOnly = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });

/** The clock time when it was today, with the date when it was not. */
export function moment(at: string | null, now: number): string {
  if (!at) return "";
  const t = new Date(at);
  if (Number.isNaN(t.getTime())) return at;
  return t.toDateString() === new Date(now).toDateString() ? clock.format(t) : dated.format(t);
}

/** The whole time with zone, for titles. */
export function exact(at: string | null): string {
  if (!at) return "";
  const t = new Date(at);
  return Number.isNaN(t.getTime()) ? at : full.format(t);
}

export function timeOfDay(at: string): string {
  return clock.format(new Date(at));
}

export function dayOf(at: string): string {
  return dayOnly.format(new Date(at));
}

/** Milliseconds as people say them. */
export function duration(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
  if (ms < 90_000) return `${Math.round(ms / 100) / 10} s`;
  return age(new Date(0).toISOString(), ms);
}

const units: Record<string, number> = { s: 1, m: minute, h: hour, d: day, w: 7 * day };

/** A time in the URL: now-15m, now-2h, or an absolute one. Undefined when it is neither. */
export function parseTime(text: string, now: number): Date | undefined {
  if (text === "now") return new Date(now);
  const m = /^(?:now)?-(\d+)([smhdw])$/.exec(text);
  if (m) return new Date(now - Number(m[1]) * (units[m[2] ?? "s"] ?? 1) * 1000);
  const t = new Date(text);
  return Number.isNaN(t.getTime()) ? undefined : t;
}
