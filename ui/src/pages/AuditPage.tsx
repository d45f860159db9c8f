import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Download, Filter } from "lucide-react";
import { audit } from "../api/audit";
import { Button } from "../components/Button";
import { EmptyPanel, ErrorPanel, Skeleton } from "../components/Panels";
import { count } from "../lib/count";
import { auditAddress } from "../lib/export";
import { AuditTable } from "./audit/AuditTable";
import { Chain } from "./audit/Chain";

const route = getRouteApi("/frame/audit");

const examples = [
  { query: "phase:result -result:done", says: "what did not go well" },
  { query: "verb:delete since:-1d", says: "what was deleted since yesterday" },
  { query: "source:cli cluster:zone1", says: "what was done from the command line in zone1" },
];

/** Who did what through the hub, as it was written then. */
export function AuditPage() {
  const { q = "" } = route.useSearch();
  const navigate = useNavigate();
  const pages = useInfiniteQuery(audit(q));
  const rows = pages.data?.pages.flatMap((p) => p.nodes) ?? [];
  const ask = (query: string): void => void navigate({ to: "/audit", search: { q: query.trim() || undefined } });
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line bg-raised px-4 py-2">
        <h1 className="mr-2 text-base font-semibold">Audit</h1>
        <form
          key={q}
          role="search"
          className="flex min-w-0 grow items-center gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            const typed = new FormData(event.currentTarget).get("q");
            ask(typeof typed === "string" ? typed : "");
          }}
        >
          <input
            name="q"
            type="search"
            aria-label="Narrow the audit"
            placeholder="actor:maria verb:delete since:-1d"
            defaultValue={q}
            spellCheck={false}
            autoComplete="off"
            className="h-8 min-w-0 grow rounded-md border border-edge bg-surface px-2.5 font-mono text-xs"
          />
          <Button type="submit" icon={Filter}>
            Narrow
          </Button>
        </form>
        <a
          href={auditAddress(q)}
          download
          className="inline-flex min-h-8 items-center gap-1.5 rounded-md border border-edge/60 bg-surface px-3 text-sm hover:bg-hover"
          title="Every row as a line of JSON, which foretop audit verify reads"
        >
          <Download className="size-4" aria-hidden />
          NDJSON
        </a>
      </header>
      <Chain />
      {pages.error && !pages.data ? (
        <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <Skeleton rows={10} label="Asking for the audit" />
      ) : rows.length === 0 ? (
        <EmptyPanel title={q === "" ? "Nothing was done yet" : "No row is like that"}>
          <p>Every plan, write and result leaves a row here before it happens. Ask for instance:</p>
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
        </EmptyPanel>
      ) : (
        <>
          <p className="shrink-0 px-4 py-1.5 text-xs text-muted">
            {count(pages.data.pages[0]?.total ?? rows.length)} {rows.length === 1 ? "row" : "rows"}, newest first
          </p>
          <AuditTable
            rows={rows}
            hasMore={pages.hasNextPage}
            onMore={() => {
              if (!pages.isFetchingNextPage) void pages.fetchNextPage();
            }}
            onNarrow={(term) => ask(q.split(/\s+/).includes(term) ? q : `${q} ${term}`)}
          />
        </>
      )}
    </div>
  );
}
