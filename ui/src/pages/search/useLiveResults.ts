import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { ResourceChangesDocument } from "../../api/generated";
import { patchRow, searchPages } from "../../api/search";
import { follow } from "../../api/socket";
import { useSettings } from "../../components/settings";

/** A row that changed a moment ago, or that no longer matches. */
export type Mark = { type: "changed" | "gone"; at: number };

export interface LiveResults {
  marks: ReadonlyMap<string, Mark>;
  /** Changes of membership that the list does not show yet. */
  fresh: number;
  refresh: () => void;
  /** False while subscribing was refused. */
  connected: boolean;
}

const settleEvery = 2_000;
const paintEvery = 150;

/**
 * Keeps a search in step: rows change in place; objects that come or go are fetched anew while the list is short and
 * are counted while somebody is deep inside it.
 */
export function useLiveResults(query: string, ready: boolean, pages: number): LiveResults {
  const client = useQueryClient();
  const { live } = useSettings();
  const [state, setState] = useState({ query, marks: new Map<string, Mark>(), fresh: 0, connected: true });
  const visible = useVisible();
  const depth = useRef(pages);
  useEffect(() => {
    depth.current = pages;
  }, [pages]);

  const on = live && ready && visible;
  useEffect(() => {
    if (!on) return undefined;
    let marks = new Map<string, Mark>();
    let fresh = 0;
    let settle: ReturnType<typeof setTimeout> | undefined;
    let paint: ReturnType<typeof setTimeout> | undefined;
    const show = (): void => {
      paint ??= setTimeout(() => {
        paint = undefined;
        const now = Date.now();
        marks = new Map([...marks].filter(([, m]) => m.type === "gone" || now - m.at < 2_500));
        setState({ query, marks: new Map(marks), fresh, connected: true });
      }, paintEvery);
    };
    const stop = follow(
      ResourceChangesDocument,
      { query },
      {
        next: ({ resourceChanges: change }) => {
          const known = change.resource !== null && patchRow(client, query, change.resource);
          if (known) marks.set(change.ref, { type: "changed", at: Date.now() });
          if (change.type === "REMOVED") marks.set(change.ref, { type: "gone", at: Date.now() });
          if (change.type === "REMOVED" || !known) fresh++;
          show();
          // Counts and facets move too, so every change asks anew, at most each two seconds.
          settle ??= setTimeout(() => {
            settle = undefined;
            void client.invalidateQueries({ queryKey: ["facets"], refetchType: "active" });
            if (depth.current > 1) return;
            void client.invalidateQueries({ queryKey: searchPages(query).queryKey }).then(() => {
              fresh = 0;
              for (const [ref, m] of marks) if (m.type === "gone") marks.delete(ref);
              show();
            });
          }, settleEvery);
        },
        error: () => setState((s) => ({ ...s, query, connected: false })),
      },
    );
    return () => {
      stop();
      clearTimeout(settle);
      clearTimeout(paint);
    };
  }, [client, query, on]);

  const mine = state.query === query;
  return {
    marks: mine ? state.marks : none,
    fresh: mine ? state.fresh : 0,
    connected: mine ? state.connected : true,
    refresh: () => {
      setState({ query, marks: new Map(), fresh: 0, connected: true });
      void client.resetQueries({ queryKey: searchPages(query).queryKey });
    },
  };
}

const none: ReadonlyMap<string, Mark> = new Map();

/** A hidden tab asks nothing. */
function useVisible(): boolean {
  const [visible, setVisible] = useState(() => document.visibilityState !== "hidden");
  useEffect(() => {
    const onChange = (): void => setVisible(document.visibilityState !== "hidden");
    document.addEventListener("visibilitychange", onChange);
    return () => document.removeEventListener("visibilitychange", onChange);
  }, []);
  return visible;
}
