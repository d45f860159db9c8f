import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Filter } from "lucide-react";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { asApiError } from "../api/error";
import type { Saved } from "../api/saved";
import { searchPages } from "../api/search";
import type { ActionRequest } from "../components/action/request";
import { Button } from "../components/Button";
import { useCommands } from "../components/commands";
import { ExportMenu } from "../components/ExportMenu";
import { useKeys } from "../components/keys";
import { EmptyPanel, ErrorPanel, Skeleton } from "../components/Panels";
import { SavedMenu, saveEvent } from "../components/SavedMenu";
import { examples } from "../lib/examples";
import { exportAddress } from "../lib/export";
import { directive, withDirective } from "../lib/filters";
import { groupBy } from "../lib/groups";
import { fixesOf } from "../lib/fixes";
import { parseTime } from "../lib/time";
import { unitsOfBytes } from "../lib/offsets";
import { DeletedMode } from "./search/DeletedMode";
import { GroupMode } from "./search/GroupMode";
import { FacetPanel } from "./search/FacetPanel";
import { ResultGrid } from "./search/ResultGrid";
import { StatusLine } from "./search/StatusLine";
import { TimeStrip } from "./search/TimeStrip";
import { useLiveResults } from "./search/useLiveResults";
import { useSelection } from "./search/useSelection";

const GroupView = lazy(async () => ({ default: (await import("./search/GroupView")).GroupView }));
const selectionBar = () => import("./search/SelectionBar");
const SelectionBar = lazy(async () => ({ default: (await selectionBar()).SelectionBar }));
const ActionDialog = lazy(async () => ({ default: (await import("../components/action/ActionDialog")).ActionDialog }));

const route = getRouteApi("/frame/search");

export function SearchPage() {
  const { q = "", span } = route.useSearch();
  const navigate = useNavigate();
  const pages = useInfiniteQuery(searchPages(q));
  const [filters, setFilters] = useState(false);
  const [request, setRequest] = useState<ActionRequest | null>(null);
  const rows = useMemo(() => pages.data?.pages.flatMap((p) => p.nodes) ?? [], [pages.data]);
  const first = pages.data?.pages[0];
  const selection = useSelection(q, rows);
  const by = pages.isPlaceholderData ? [] : groupBy(q);
  // The past does not change.
  const at = directive(q, "at");
  const still = at !== "";
  // A relative moment is that of the answer.
  const moment = still ? parseTime(at, pages.dataUpdatedAt)?.toISOString() : undefined;
  const live = useLiveResults(
    q,
    first !== undefined && !pages.isPlaceholderData && !still,
    pages.data?.pages.length ?? 0,
  );

  // Fetched behind the first results, so that its keys are there when somebody selects.
  const answered = first !== undefined;
  useEffect(() => {
    if (answered) void selectionBar();
  }, [answered]);

  const ask = (query: string, replace = false): void =>
    void navigate({ to: "/search", search: { q: query || undefined, span }, replace });
  const run = (s: Saved): void =>
    void (s.page === "changes"
      ? navigate({ to: "/changes", search: { q: s.query || undefined } })
      : navigate({ to: "/search", search: { q: s.query || undefined } }));
  useKeys({ Escape: selection.clear }, selection.size > 0);
  useCommands([
    ...(q === "" ? [] : [{ title: "Save this search", run: () => window.dispatchEvent(new Event(saveEvent)) }]),
    ...(still ? [{ title: "Back to now", run: () => ask(withDirective(q, "at", "")) }] : []),
    { title: "Show what was deleted too", run: () => ask(withDirective(q, "deleted", "any")) },
    {
      title: "Export the results as CSV",
      run: () => window.open(exportAddress({ query: q, format: "csv" }), "_self"),
    },
  ]);

  if (pages.error && (!first || asApiError(pages.error).inQuery))
    return <Broken query={q} error={pages.error} retry={() => void pages.refetch()} ask={ask} />;

  return (
    <div className="flex h-full min-h-0 flex-col">
      <h1 className="visually-hidden">Search</h1>
      <StatusLine
        result={first}
        busy={pages.isFetching}
        fresh={live.fresh}
        onFresh={live.refresh}
        connected={live.connected}
        old={pages.error !== null}
        tools={
          <>
            <GroupMode query={q} onQuery={ask} />
            <DeletedMode query={q} onQuery={ask} />
            <SavedMenu page="resources" query={q} onRun={run} />
            <ExportMenu query={q} total={first?.total} />
          </>
        }
      >
        <Button
          small
          icon={Filter}
          className="lg:hidden"
          aria-expanded={filters}
          aria-controls="facets"
          onClick={() => setFilters((v) => !v)}
        >
          Filters
        </Button>
      </StatusLine>
      <TimeStrip
        query={q}
        span={span}
        onQuery={ask}
        onSpan={(s) => void navigate({ to: "/search", search: { q: q || undefined, span: s }, replace: true })}
      />
      <div className="flex min-h-0 grow flex-col lg:flex-row">
        <div
          id="facets"
          className={`${filters ? "block max-h-[50dvh]" : "hidden"} shrink-0 overflow-y-auto border-b border-line lg:block lg:max-h-none lg:w-60 lg:border-r lg:border-b-0`}
        >
          <FacetPanel query={q} onQuery={ask} />
        </div>
        <section
          aria-label="Results"
          aria-busy={pages.isPending || pages.isPlaceholderData}
          className={`flex min-h-0 min-w-0 grow flex-col bg-surface ${pages.isPlaceholderData ? "opacity-60" : ""}`}
        >
          {pages.isPending ? (
            <Waiting query={q} />
          ) : rows.length === 0 ? (
            <Nothing query={q} asked={first?.coverage.asked ?? 0} ask={ask} />
          ) : by.length > 0 ? (
            <Suspense fallback={<Skeleton rows={14} label="Counting groups" />}>
              <GroupView query={q} by={by} groups={first?.groups ?? []} total={first?.total ?? 0} onQuery={ask} />
            </Suspense>
          ) : (
            <ResultGrid
              query={q}
              at={moment}
              rows={rows}
              total={first?.total ?? rows.length}
              selection={selection}
              marks={live.marks}
              onQuery={ask}
              hasMore={pages.hasNextPage}
              onMore={() => {
                if (!pages.isFetchingNextPage) void pages.fetchNextPage();
              }}
            />
          )}
        </section>
      </div>
      {selection.size > 0 && (
        <Suspense>
          <SelectionBar query={q} total={first?.total ?? 0} selection={selection} rows={rows} onAct={setRequest} />
        </Suspense>
      )}
      {request && (
        <Suspense>
          <ActionDialog request={request} onClose={() => setRequest(null)} />
        </Suspense>
      )}
    </div>
  );
}

function Broken({
  query,
  error,
  retry,
  ask,
}: {
  query: string;
  error: unknown;
  retry: () => void;
  ask: (q: string) => void;
}) {
  const e = asApiError(error);
  const fixes = fixesOf(query, e.fix, unitsOfBytes(query, e.from), unitsOfBytes(query, e.to));
  return (
    <>
      <h1 className="visually-hidden">Search</h1>
      <ErrorPanel error={error} {...(e.inQuery ? {} : { retry })}>
        {fixes.map((f) => (
          <Button key={f.label} look="primary" onClick={() => ask(f.query)}>
            <span className="font-mono">{f.query}</span>
          </Button>
        ))}
      </ErrorPanel>
    </>
  );
}

/** After a while it says that it still waits, and what would make it shorter. */
function Waiting({ query }: { query: string }) {
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), 4_000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      {long && (
        <p role="status" className="px-4 pt-4 text-sm text-muted">
          Still searching{query === "" ? "" : <code className="ml-1 break-all text-ink">{query}</code>}. It ends after
          30 s at the latest; a cluster, a kind or a namespace makes it faster.
        </p>
      )}
      <Skeleton rows={14} label="Searching every cluster" />
    </>
  );
}

function Nothing({ query, asked, ask }: { query: string; asked: number; ask: (q: string) => void }) {
  return (
    <EmptyPanel
      title={
        asked === 0 ? "No cluster is attached yet" : query === "" ? "Nothing has been collected yet" : "Nothing matches"
      }
    >
      <p>
        {asked === 0
          ? "Start the hub with a kubeconfig, or add a cluster on the page Clusters."
          : query === ""
            ? "The first lists are under way; objects appear here as they arrive."
            : "No object of any cluster that answered matches this query. Try one of these:"}
      </p>
      {asked > 0 && (
        <ul className="mt-3 flex flex-col items-center gap-1.5">
          {examples.map((e) => (
            <li key={e.query}>
              <button
                type="button"
                className="min-h-7 rounded-md border border-line px-2 font-mono text-sm text-accent hover:bg-accent-soft"
                onClick={() => ask(e.query)}
              >
                {e.query}
              </button>{" "}
              <span className="text-sm">{e.says}</span>
            </li>
          ))}
        </ul>
      )}
    </EmptyPanel>
  );
}
