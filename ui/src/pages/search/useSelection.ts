import { useCallback, useMemo, useState } from "react";
import type { Row } from "../../api/search";

export interface Selection {
  size: number;
  has: (ref: string) => boolean;
  toggle: (row: Row) => void;
  /** Selects everything from the row last toggled to this one. */
  extendTo: (row: Row) => void;
  all: (rows: Row[]) => void;
  clear: () => void;
  rows: Row[];
}

/** What is selected; another query starts with nothing. */
export function useSelection(query: string, rows: Row[]): Selection {
  const [state, setState] = useState<{ query: string; picked: Map<string, Row>; anchor: string }>(() => empty(query));
  const current = useMemo(() => (state.query === query ? state : empty(query)), [state, query]);
  const change = useCallback(
    (edit: (picked: Map<string, Row>, anchor: string) => string) =>
      setState((was) => {
        const base = was.query === query ? was : empty(query);
        const picked = new Map(base.picked);
        const anchor = edit(picked, base.anchor);
        return { query, picked, anchor };
      }),
    [query],
  );
  return {
    size: current.picked.size,
    rows: [...current.picked.values()],
    has: (ref) => current.picked.has(ref),
    toggle: (row) =>
      change((picked) => {
        if (!picked.delete(row.ref)) picked.set(row.ref, row);
        return row.ref;
      }),
    extendTo: (row) =>
      change((picked, anchor) => {
        const to = rows.findIndex((r) => r.ref === row.ref);
        const start = rows.findIndex((r) => r.ref === anchor);
        const from = start < 0 ? to : start;
        for (const r of rows.slice(Math.min(from, to), Math.max(from, to) + 1)) picked.set(r.ref, r);
        return row.ref;
      }),
    all: (list) =>
      change((picked, anchor) => {
        for (const r of list) picked.set(r.ref, r);
        return anchor;
      }),
    clear: useCallback(() => setState(empty(query)), [query]),
  };
}

function empty(query: string) {
  return { query, picked: new Map<string, Row>(), anchor: "" };
}
