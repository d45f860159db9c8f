import { useSyncExternalStore } from "react";

/** What a person set on this browser. Nothing here decides what a page shows: that is in the address. */
interface Settings {
  theme: "light" | "dark" | "system";
  live: boolean;
  /** Single-letter keys, which people who speak to their computer want off. */
  keys: boolean;
  /** Fields by which the search can be narrowed beside the usual ones, and those of which only the title is shown. */
  facets: readonly string[];
  folded: readonly string[];
}

const defaults: Settings = { theme: "system", live: true, keys: true, facets: [], folded: [] };
const listeners = new Set<() => void>();
let current = load();

function load(): Settings {
  const theme = read("theme");
  return {
    theme: theme === "light" || theme === "dark" ? theme : defaults.theme,
    live: read("live") !== "off",
    keys: read("keys") !== "off",
    facets: words("facets"),
    folded: words("folded"),
  };
}

function read(name: string): string | null {
  try {
    return localStorage.getItem(`foretop.${name}`);
  } catch {
    return null; // Storage is off: the setting lasts as long as the tab.
  }
}

function words(name: string): string[] {
  return (read(name) ?? "").split(" ").filter((w) => w !== "");
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(`foretop.${name}`, value);
  } catch {
    // As above.
  }
}

export function set(change: Partial<Settings>): void {
  current = { ...current, ...change };
  write("theme", current.theme);
  write("live", current.live ? "on" : "off");
  write("keys", current.keys ? "on" : "off");
  write("facets", current.facets.join(" "));
  write("folded", current.folded.join(" "));
  applyTheme();
  for (const l of listeners) l();
}

function applyTheme(): void {
  const dark =
    current.theme === "dark" || (current.theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

/** Follows the system's theme from now on. */
export function watchSystemTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);
}

export function useSettings(): Settings {
  return useSyncExternalStore(
    (l) => {
      listeners.add(l);
      return () => listeners.delete(l);
    },
    () => current,
  );
}

export function keysOn(): boolean {
  return current.keys;
}

const recentMax = 30;

/** Queries that were run on this browser, newest first. */
export function recentQueries(): string[] {
  try {
    const list: unknown = JSON.parse(read("recent") ?? "[]");
    return Array.isArray(list) ? list.filter((q) => typeof q === "string") : [];
  } catch {
    return [];
  }
}

export function rememberQuery(query: string): void {
  if (query.trim() === "") return;
  write("recent", JSON.stringify([query, ...recentQueries().filter((q) => q !== query)].slice(0, recentMax)));
}
