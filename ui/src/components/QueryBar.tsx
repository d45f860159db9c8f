import { CircleHelp, Search } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { QueryPage } from "../api/search";

const SyntaxSheet = lazy(async () => ({ default: (await import("./SyntaxSheet")).SyntaxSheet }));
const QueryEditor = lazy(async () => ({ default: (await import("./QueryEditor")).QueryEditor }));

export interface QueryBarProps {
  value: string;
  page?: QueryPage;
  onRun: (query: string) => void;
}

/** Puts the cursor into the bar, from anywhere. */
export function focusQueryBar(): void {
  document.querySelector<HTMLElement>("[data-query-bar] .cm-content, [data-query-bar] input")?.focus();
}

/** The query bar. Until the editor has arrived it is a plain field that does the same without colours. */
export function QueryBar({ value, page = "resources", onRun }: QueryBarProps) {
  const [sheet, setSheet] = useState(false);
  return (
    <search
      data-query-bar
      className="flex h-9 min-w-0 grow items-center gap-2 rounded-lg border border-edge/70 bg-surface pl-2.5 focus-within:border-accent focus-within:ring-2 focus-within:ring-accent/30"
    >
      <Search className="size-4 shrink-0 text-muted" aria-hidden />
      <div className="min-w-0 grow">
        <Suspense fallback={<PlainBar key={value} value={value} onRun={onRun} />}>
          <QueryEditor value={value} page={page} onRun={onRun} onSyntax={() => setSheet(true)} />
        </Suspense>
      </div>
      <kbd className="hidden rounded border border-line px-1.5 font-mono text-xs text-muted lg:block" aria-hidden>
        /
      </kbd>
      <button
        type="button"
        aria-label="Query syntax"
        title="Query syntax"
        className="grid h-full w-9 shrink-0 place-items-center rounded-r-lg text-muted hover:bg-hover hover:text-ink"
        onClick={() => setSheet(true)}
      >
        <CircleHelp className="size-4" aria-hidden />
      </button>
      {sheet && (
        <Suspense>
          <SyntaxSheet open onClose={() => setSheet(false)} onPick={onRun} />
        </Suspense>
      )}
    </search>
  );
}

function PlainBar({ value, onRun }: QueryBarProps) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const field = new FormData(event.currentTarget).get("q");
        onRun(typeof field === "string" ? field : "");
      }}
    >
      <input
        name="q"
        defaultValue={value}
        aria-label="Search query"
        autoComplete="off"
        spellCheck={false}
        placeholder="Search every cluster"
        className="w-full bg-transparent font-mono text-sm outline-none placeholder:text-muted"
      />
    </form>
  );
}
