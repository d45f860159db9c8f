import { useEffect, useId, useRef, useSyncExternalStore } from "react";

/** Something that the palette can do on this page. */
export interface Command {
  title: string;
  /** The key that does the same. */
  key?: string;
  run: () => void;
}

const pages = new Map<string, readonly Command[]>();
const listeners = new Set<() => void>();
let all: readonly Command[] = [];

function publish(): void {
  all = [...pages.values()].flat();
  for (const l of listeners) l();
}

/** Offers commands while the component is shown. Titles tell them apart; what they do may change with every render. */
export function useCommands(commands: readonly Command[]): void {
  const id = useId();
  const latest = useRef(commands);
  useEffect(() => {
    latest.current = commands;
  });
  const titles = JSON.stringify(commands.map((c) => [c.title, c.key ?? ""]));
  useEffect(() => {
    const list = JSON.parse(titles) as [string, string][];
    pages.set(
      id,
      list.map(([title, key]) => ({
        title,
        ...(key === "" ? {} : { key }),
        run: () => latest.current.find((c) => c.title === title)?.run(),
      })),
    );
    publish();
    return () => {
      pages.delete(id);
      publish();
    };
  }, [id, titles]);
}

export function useOffered(): readonly Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => all,
  );
}
