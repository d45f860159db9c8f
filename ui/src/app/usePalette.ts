import { useQuery } from "@tanstack/react-query";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { clusters } from "../api/clusters";
import { savedSearches } from "../api/saved";
import { firstRows } from "../api/search";
import { useOffered } from "../components/commands";
import { recentQueries, rememberQuery, set, useSettings } from "../components/settings";
import { useDebounced } from "../components/useDebounced";
import { toggleInclude } from "../lib/filters";
import { paramsOf, parseRef, place } from "../lib/ref";
import { like, looksLikeQuery, wordsOf } from "../lib/words";
import { places } from "./places";

export type ItemType = "query" | "object" | "saved" | "cluster" | "page" | "command" | "recent";

/** One line of the palette. */
export interface Item {
  id: string;
  type: ItemType;
  title: string;
  detail: string;
  key?: string;
  health?: "HEALTHY" | "PROGRESSING" | "DEGRADED" | "FAILED" | "SUSPENDED" | "TERMINATING" | "UNKNOWN";
  run: () => void;
}

export interface Group {
  title: string;
  items: Item[];
}

const most = 8;

/** What the palette offers for what is typed: > commands, # saved searches, @ clusters, and everything without. */
export function usePalette(typed: string, onKeys: () => void): { groups: Group[]; busy: boolean; error: Error | null } {
  const navigate = useNavigate();
  const here = useRouterState({ select: (s) => s.location });
  const settings = useSettings();
  const offered = useOffered();
  const mode = /^[>#@]/.test(typed) ? typed.charAt(0) : "";
  const text = (mode === "" ? typed : typed.slice(1)).trim();
  const settled = useDebounced(text, 80);
  const objects = useQuery({
    ...firstRows(looksLikeQuery(settled) ? settled : wordsOf(settled), most),
    enabled: mode === "" && settled !== "",
  });
  const saved = useQuery(savedSearches());
  const members = useQuery({ ...clusters(), enabled: mode === "@" || text !== "" });

  const current = (here.search as { q?: string }).q ?? "";
  const onList = here.pathname === "/search" || here.pathname === "/changes";
  const search = (q: string): void => {
    rememberQuery(q);
    void navigate({ to: "/search", search: { q: q || undefined } });
  };

  const items: Record<ItemType, Item[]> = {
    query: [],
    object: [],
    saved: (saved.data ?? [])
      .filter((s) => like(`${s.name} ${s.description} ${s.query}`, text))
      .map((s) => ({
        id: `saved ${s.id}`,
        type: "saved",
        title: s.name,
        detail: s.query,
        run: () =>
          void navigate({ to: s.page === "changes" ? "/changes" : "/search", search: { q: s.query || undefined } }),
      })),
    cluster: (members.data ?? [])
      .filter((c) => like(c.name, text))
      .map((c) => ({
        id: `cluster ${c.name}`,
        type: "cluster",
        title: c.name,
        detail: onList ? "only this cluster" : "its objects",
        run: () =>
          onList
            ? void navigate({
                to: here.pathname as "/search",
                search: (s: Record<string, unknown>) => ({
                  ...s,
                  q: toggleInclude(current, "cluster", c.name) || undefined,
                }),
              })
            : search(`cluster:${c.name}`),
      })),
    page: places
      .filter((p) => like(p.word, text))
      .map((p) => ({
        id: `page ${p.to}`,
        type: "page",
        title: p.word,
        detail: "page",
        key: p.key,
        run: () => void navigate({ to: p.to }),
      })),
    command: [
      ...offered,
      { title: "Light theme", run: () => set({ theme: "light" }) },
      { title: "Dark theme", run: () => set({ theme: "dark" }) },
      { title: "Theme of the system", run: () => set({ theme: "system" }) },
      { title: settings.live ? "Hold still" : "Follow the clusters", run: () => set({ live: !settings.live }) },
      { title: "Copy the address of this page", run: () => void navigator.clipboard.writeText(location.href) },
      { title: "Keyboard", key: "?", run: onKeys },
    ]
      .filter((c) => like(c.title, text))
      .map((c) => ({ id: `command ${c.title}`, type: "command", detail: "", ...c })),
    recent: recentQueries()
      .filter((q) => like(q, text))
      .slice(0, 5)
      .map((q) => ({ id: `recent ${q}`, type: "recent", title: q, detail: "", run: () => search(q) })),
  };
  if (text !== "")
    items.query.push({
      id: "query",
      type: "query",
      title: text,
      detail: "search every cluster for it",
      run: () => search(text),
    });
  if (objects.data && text !== "")
    items.object = objects.data.nodes.map((n) => ({
      id: `object ${n.ref}`,
      type: "object",
      title: n.name,
      detail: `${n.kind} · ${place(n)}`,
      health: n.health,
      run: () => {
        const ref = parseRef(n.ref);
        if (ref) void navigate({ to: "/r/$cluster/$group/$resource/$namespace/$name", params: paramsOf(ref) });
      },
    }));

  const groups: Group[] =
    mode === ">"
      ? [{ title: "Commands", items: items.command }]
      : mode === "#"
        ? [{ title: "Saved searches", items: items.saved }]
        : mode === "@"
          ? [{ title: "Clusters", items: items.cluster.slice(0, 50) }]
          : text === ""
            ? [
                { title: "On this page", items: items.command.slice(0, offered.length) },
                { title: "Recent", items: items.recent },
                { title: "Saved searches", items: items.saved.slice(0, 5) },
                { title: "Pages", items: items.page },
              ]
            : looksLikeQuery(text)
              ? [
                  { title: "Query", items: items.query },
                  { title: "Objects", items: items.object },
                  { title: "Saved searches", items: items.saved.slice(0, 3) },
                ]
              : [
                  { title: "Objects", items: items.object },
                  { title: "Query", items: items.query },
                  { title: "Saved searches", items: items.saved.slice(0, 5) },
                  { title: "Clusters", items: items.cluster.slice(0, 5) },
                  { title: "Pages", items: items.page },
                  { title: "Commands", items: items.command.slice(0, 6) },
                ];
  return {
    groups: groups.filter((g) => g.items.length > 0),
    busy: mode === "" && text !== "" && (objects.isFetching || settled !== text),
    error: mode === "" && text !== "" ? objects.error : null,
  };
}
