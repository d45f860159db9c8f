import { useEffect, useRef } from "react";
import { keysOn } from "./settings";

export type KeyMap = Record<string, (event: KeyboardEvent) => void>;

/** Where letters are text and not commands. */
function typing(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest(
      "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable='true'], .cm-editor",
    ) !== null
  );
}

/**
 * Binds keys on the whole page: "j", "?", "Escape", "Shift+x", "g s" for one after the other. They rest while people
 * type, while a dialog is open, and when they are switched off.
 */
export function useKeys(map: KeyMap, when = true): void {
  const latest = useRef(map);
  useEffect(() => {
    latest.current = map;
  });
  useEffect(() => {
    if (!when) return undefined;
    let prefix = "";
    let since = 0;
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (typing(event.target) || document.querySelector("[role='dialog'], [role='menu']")) return;
      if (event.key.length === 1 && !keysOn()) return;
      const name = event.shiftKey && /^[A-Za-z]$/.test(event.key) ? `Shift+${event.key.toLowerCase()}` : event.key;
      const sequence = prefix !== "" && event.timeStamp - since < 1500 ? `${prefix} ${name}` : name;
      prefix = "";
      const command = latest.current[sequence] ?? latest.current[name];
      if (command) {
        event.preventDefault();
        command(event);
      } else if (Object.keys(latest.current).some((k) => k.startsWith(`${name} `))) {
        prefix = name;
        since = event.timeStamp;
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [when]);
}
