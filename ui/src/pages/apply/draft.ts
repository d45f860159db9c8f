import type { Override } from "../../lib/override";

/** What is written on the page and not yet planned. It outlives a reload, not the tab. */
export interface ApplyDraft {
  /** What it began with; another beginning is another draft. */
  key: string;
  /** The manifest that it began with. */
  first: string;
  manifest: string;
  overrides: Override[];
}

const name = "foretop.apply";

export function loadDraft(key: string): ApplyDraft | undefined {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(name) ?? "null");
    if (typeof found !== "object" || found === null || !("key" in found) || found.key !== key) return undefined;
    const draft = found as ApplyDraft;
    // What nobody edited begins with what is now.
    return draft.manifest === draft.first && draft.overrides.length === 0 ? undefined : draft;
  } catch {
    return undefined; // Storage is off, or another version of the page wrote it.
  }
}

export function keepDraft(draft: ApplyDraft): void {
  try {
    sessionStorage.setItem(name, JSON.stringify(draft));
  } catch {
    // Storage is off or full: the draft lasts as long as the page.
  }
}
