import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { CirclePlus, Eye, Pencil, RotateCw, ScanSearch, Trash2, type LucideIcon } from "lucide-react";
import { useMemo, useState } from "react";
import { changePages, type Change } from "../api/changes";
import type { Saved } from "../api/saved";
import { asApiError } from "../api/error";
import type { ChangeType } from "../api/generated";
import { Button } from "../components/Button";
import { ChangedObject } from "../components/ChangedObject";
import { CoverageLine } from "../components/CoverageLine";
import { ExportMenu } from "../components/ExportMenu";
import { Health } from "../components/Health";
import { EmptyPanel, ErrorPanel, Skeleton } from "../components/Panels";
import { SavedMenu } from "../components/SavedMenu";
import { useSettings } from "../components/settings";
import { Time } from "../components/Time";
import { parseRef, place } from "../lib/ref";
import { dayOf, parseTime } from "../lib/time";
import { written } from "../lib/filters";
import { fixesOf } from "../lib/fixes";
import { unitsOfBytes } from "../lib/offsets";
import { SuspectPanel } from "./changes/SuspectPanel";

const route = getRouteApi("/frame/changes");

const spans = [
  { from: "now-15m", word: "15 min" },
  { from: "now-1h", word: "1 hour" },
  { from: "now-6h", word: "6 hours" },
  { from: "now-24h", word: "1 day" },
  { from: "now-7d", word: "7 days" },
];

const examples = [
  { query: "kind:deploy changed.field:spec.template", says: "rollouts" },
  { query: "type:delete -kind:pod,rs", says: "what was deleted" },
  { query: "-changed.by:kube-controller-manager", says: "what was not the controllers' doing" },
];

/** What changed in the fleet, newest first. */
export function ChangesPage() {
  const { q = "", from = "now-1h", suspects, window, broken } = route.useSearch();
  const navigate = useNavigate();
  const { live } = useSettings();
  // A span's start stands still while somebody reads; asking again moves it.
  const [now, setNow] = useState(() => Date.now());
  const start = useMemo(() => parseTime(from, now)?.toISOString(), [from, now]);
  const pages = useInfiniteQuery({
    ...changePages(q, start ?? "", null),
    enabled: start !== undefined,
    // The newest page alone is asked again; deep in the list nothing moves under the reader.
    refetchInterval: (query) =>
      live && (query.state.data?.pages.length ?? 0) <= 1 && !query.state.error ? 3_000 : false,
  });
  const first = pages.data?.pages[0];
  const list = pages.data?.pages.flatMap((p) => p.nodes) ?? [];
  const go = (search: {
    q?: string | undefined;
    from?: string | undefined;
    suspects?: string | undefined;
    window?: string | undefined;
    broken?: string | undefined;
  }): void =>
    void navigate({ to: "/changes", search: { q: q || undefined, from, suspects, window, broken, ...search } });
  const run = (s: Saved): void =>
    void (s.page === "changes"
      ? navigate({ to: "/changes", search: { q: s.query || undefined, from } })
      : navigate({ to: "/search", search: { q: s.query || undefined } }));
  const error = pages.error ? asApiError(pages.error) : undefined;
  return (
    <div className="flex h-full flex-col">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-raised px-4 py-2">
        <h1 className="text-base font-semibold">Changes</h1>
        <div
          role="group"
          aria-label="Since"
          className="flex flex-wrap overflow-hidden rounded-md border border-edge/60"
        >
          {spans.map((s) => (
            <button
              key={s.from}
              type="button"
              aria-pressed={from === s.from}
              className={`min-h-7 border-r border-line px-2.5 text-sm last:border-0 ${from === s.from ? "bg-accent text-on-accent" : "bg-surface hover:bg-hover"}`}
              onClick={() => go({ from: s.from })}
            >
              {s.word}
            </button>
          ))}
        </div>
        <Button
          small
          look="quiet"
          icon={RotateCw}
          busy={pages.isFetching && !pages.isFetchingNextPage && !live}
          onClick={() => setNow(Date.now())}
        >
          Ask again
        </Button>
        <Button
          small
          icon={ScanSearch}
          aria-pressed={suspects !== undefined}
          title="Which change may have broken what is broken?"
          onClick={() =>
            go(
              suspects === undefined
                ? { suspects: "now" }
                : { suspects: undefined, window: undefined, broken: undefined },
            )
          }
        >
          Suspects
        </Button>
        <span className="ml-auto flex flex-wrap items-center gap-2 text-xs">
          <SavedMenu page="changes" query={q} onRun={run} />
          {start !== undefined && (
            <ExportMenu query={q} total={undefined} page="changes" span={{ from: start, to: null }} />
          )}
          {first && <CoverageLine coverage={first.coverage} />}
        </span>
      </header>
      <div className="flex min-h-0 grow flex-col-reverse lg:flex-row">
        <div className="min-h-0 min-w-0 grow overflow-y-auto">
          {start === undefined ? (
            <EmptyPanel title="That is no time">
              <p>
                <code>from</code> is written like now-15m or 2026-11-20T09:10Z.
              </p>
            </EmptyPanel>
          ) : error && (!first || error.inQuery) ? (
            <ErrorPanel error={error} {...(error.inQuery ? {} : { retry: () => void pages.refetch() })}>
              {fixesOf(q, error.fix, unitsOfBytes(q, error.from), unitsOfBytes(q, error.to)).map((f) => (
                <Button key={f.label} look="primary" onClick={() => go({ q: f.query })}>
                  <span className="font-mono">{f.query}</span>
                </Button>
              ))}
            </ErrorPanel>
          ) : pages.isPending ? (
            <Skeleton rows={12} label="Asking what changed" />
          ) : list.length === 0 ? (
            <EmptyPanel title={`Nothing changed in the last ${spans.find((s) => s.from === from)?.word ?? "while"}`}>
              <p>Changes of status alone are left out. Look further back, or ask for one of these:</p>
              <ul className="mt-3 flex flex-col items-center gap-1.5">
                {examples.map((e) => (
                  <li key={e.query}>
                    <button
                      type="button"
                      className="min-h-7 rounded-md border border-line px-2 font-mono text-sm text-accent hover:bg-accent-soft"
                      onClick={() => go({ q: e.query })}
                    >
                      {e.query}
                    </button>{" "}
                    <span className="text-sm">{e.says}</span>
                  </li>
                ))}
              </ul>
            </EmptyPanel>
          ) : (
            <>
              <Timeline list={list} onSuspect={(c) => go({ suspects: c.version.observedAt, broken: queryFor(c) })} />
              {pages.hasNextPage && (
                <div className="p-3">
                  <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
                    Older changes
                  </Button>
                </div>
              )}
            </>
          )}
        </div>
        {suspects !== undefined && (
          <SuspectPanel
            broken={broken ?? (q.trim() || "is:unhealthy")}
            before={suspects}
            window={window}
            onChange={go}
          />
        )}
      </div>
    </div>
  );
}

/** The object of a change, as a query. */
function queryFor(c: Change): string {
  const ref = parseRef(c.version.ref);
  if (!ref) return `name:${written(c.name)}`;
  const kind = ref.group === "" ? ref.resource : `${ref.resource}.${ref.group}`;
  return `cluster:${written(ref.cluster)} kind:${kind} name:${written(ref.name)}${ref.namespace ? ` ns:${written(ref.namespace)}` : ""}`;
}

const marks: Record<ChangeType, { icon: LucideIcon; color: string; word: string }> = {
  CREATED: { icon: CirclePlus, color: "text-good", word: "Created" },
  UPDATED: { icon: Pencil, color: "text-busy", word: "Updated" },
  DELETED: { icon: Trash2, color: "text-bad", word: "Deleted" },
  SEEN: { icon: Eye, color: "text-quiet", word: "First seen" },
};

function Timeline({ list, onSuspect }: { list: Change[]; onSuspect: (c: Change) => void }) {
  const days = new Map<string, Change[]>();
  for (const c of list) {
    const day = dayOf(c.version.observedAt);
    days.set(day, [...(days.get(day) ?? []), c]);
  }
  return (
    <>
      {[...days].map(([day, changes]) => (
        <section key={day} aria-label={day}>
          <h2 className="sticky top-0 z-10 border-b border-line bg-page px-4 py-1 text-xs font-semibold text-muted">
            {day}
          </h2>
          <ol className="divide-y divide-line/60 bg-surface">
            {changes.map((c) => (
              <ChangeRow key={`${c.version.ref} ${c.version.id}`} change={c} onSuspect={() => onSuspect(c)} />
            ))}
          </ol>
        </section>
      ))}
    </>
  );
}

function ChangeRow({ change: c, onSuspect }: { change: Change; onSuspect: () => void }) {
  const { icon: Icon, color, word } = marks[c.version.type];
  return (
    <li className="grid grid-cols-[4.5rem_minmax(0,1fr)] items-baseline gap-x-3 px-4 py-1.5 text-sm hover:bg-hover lg:grid-cols-[4.5rem_minmax(0,1fr)_auto]">
      <span className="text-muted tabular-nums">
        <Time at={c.version.observedAt} as="time" />
      </span>
      <div className="min-w-0">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <Icon className={`size-4 shrink-0 self-center ${color}`} aria-label={word} />
          <ChangedObject change={c} />
          <span className="text-xs text-muted">{place(c)}</span>
        </p>
        <p className="break-words">{c.summary || word}</p>
      </div>
      <span className="col-start-2 flex flex-wrap items-center gap-x-3 text-xs text-muted lg:col-start-3">
        {c.version.changedBy && <span>{c.version.changedBy}</span>}
        <Health health={c.version.health} status={c.version.status} />
        <button
          type="button"
          aria-label={`What led up to the change of ${c.kind} ${c.name}`}
          title="What led up to it?"
          className="grid size-6 place-items-center rounded text-muted hover:bg-hover hover:text-accent"
          onClick={onSuspect}
        >
          <ScanSearch className="size-4" aria-hidden />
        </button>
      </span>
    </li>
  );
}
