import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Upload } from "lucide-react";
import { actions, type ActionRow } from "../api/actions";
import type { ActionState, ActionVerb } from "../api/generated";
import { ActionStateMark } from "../components/action/ActionStateMark";
import { actionStates } from "../components/action/states";
import { Button } from "../components/Button";
import { EmptyPanel, ErrorPanel, Skeleton } from "../components/Panels";
import { Time } from "../components/Time";
import { termOf, withTermOf } from "../lib/terms";
import { verbs } from "../lib/verbs";

const route = getRouteApi("/frame/actions");

/** Everything that was planned or done, newest first. */
export function ActionsPage() {
  const { q = "" } = route.useSearch();
  const navigate = useNavigate();
  const pages = useInfiniteQuery({ ...actions(q), refetchInterval: 5_000 });
  const list = pages.data?.pages.flatMap((p) => p.nodes) ?? [];
  const ask = (query: string): void => void navigate({ to: "/actions", search: { q: query.trim() || undefined } });
  return (
    <div className="flex h-full flex-col overflow-y-auto">
      <header className="flex flex-wrap items-center gap-2 border-b border-line bg-raised px-4 py-2">
        <h1 className="mr-2 text-base font-semibold">Actions</h1>
        <Choice
          word="State"
          value={termOf(q, "state").toUpperCase()}
          values={(Object.keys(actionStates) as ActionState[]).map((s) => ({ value: s, word: actionStates[s].word }))}
          onChoose={(v) => ask(withTermOf(q, "state", v.toLowerCase()))}
        />
        <Choice
          word="Verb"
          value={termOf(q, "verb").toUpperCase()}
          values={(Object.keys(verbs) as ActionVerb[]).map((v) => ({ value: v, word: verbs[v].word }))}
          onChoose={(v) => ask(withTermOf(q, "verb", v.toLowerCase()))}
        />
        <form
          key={q}
          role="search"
          className="min-w-0 grow"
          onSubmit={(event) => {
            event.preventDefault();
            const typed = new FormData(event.currentTarget).get("q");
            ask(typeof typed === "string" ? typed : "");
          }}
        >
          <input
            name="q"
            type="search"
            aria-label="Narrow the actions"
            placeholder="actor:maria cluster:zone1 INC-4711"
            defaultValue={q}
            spellCheck={false}
            autoComplete="off"
            className="h-8 w-full min-w-0 rounded-md border border-edge bg-surface px-2.5 font-mono text-xs"
          />
        </form>
        <Link
          to="/apply"
          className="inline-flex min-h-8 items-center gap-1.5 rounded-md border border-edge/60 bg-surface px-3 text-sm hover:bg-hover"
        >
          <Upload className="size-4" aria-hidden />
          Apply a manifest
        </Link>
      </header>
      {pages.error && !pages.data ? (
        <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <Skeleton rows={6} label="Asking for the actions" />
      ) : list.length === 0 && !pages.hasNextPage ? (
        <Nothing narrowed={q !== ""} onAll={() => ask("")} />
      ) : (
        <ul className="m-3 divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
          {list.map((a) => (
            <Row key={a.id} action={a} />
          ))}
        </ul>
      )}
      {pages.hasNextPage && (
        <div className="px-3 pb-3">
          <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            Older actions
          </Button>
        </div>
      )}
    </div>
  );
}

function Choice({
  word,
  value,
  values,
  onChoose,
}: {
  word: string;
  value: string;
  values: { value: string; word: string }[];
  onChoose: (value: string) => void;
}) {
  return (
    <select
      aria-label={word}
      className="h-8 rounded-md border border-edge/60 bg-surface px-2 text-sm"
      value={values.some((v) => v.value === value) ? value : ""}
      onChange={(e) => onChoose(e.target.value)}
    >
      <option value="">any {word.toLowerCase()}</option>
      {values.map((v) => (
        <option key={v.value} value={v.value}>
          {v.word}
        </option>
      ))}
    </select>
  );
}

function Nothing({ narrowed, onAll }: { narrowed: boolean; onAll: () => void }) {
  if (narrowed)
    return (
      <EmptyPanel title="No action is like that">
        <Button onClick={onAll}>All actions</Button>
      </EmptyPanel>
    );
  return (
    <EmptyPanel title="Nothing was done yet">
      <p>
        Select objects in the{" "}
        <Link to="/search" search={{ q: "kind:deploy" }} className="text-accent underline">
          search
        </Link>{" "}
        and choose what to do with them, or apply a manifest: every action starts as a plan.
      </p>
    </EmptyPanel>
  );
}

function Row({ action: a }: { action: ActionRow }) {
  const before = a.state === "PLANNED" || a.state === "EXPIRED";
  return (
    <li className="relative flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-4 py-2.5 text-sm hover:bg-hover">
      <span className="w-28 shrink-0 self-center">
        <ActionStateMark state={a.state} />
      </span>
      <div className="min-w-0 grow basis-64">
        <Link
          to="/actions/$id"
          params={{ id: a.id }}
          className="font-medium break-words text-accent after:absolute after:inset-0 hover:underline"
        >
          {a.title}
        </Link>
        <p className="text-xs text-muted">
          {a.actor}
          {a.reason && ` · ${a.reason}`}
          {a.needsApproval && " · waits for another person's approval"}
          {a.undoneBy && " · undone"}
          {a.undoes && " · undoes an earlier one"}
          {a.retries && " · retries an earlier one"}
        </p>
      </div>
      <span className="text-muted tabular-nums">
        {a.state === "PLANNING"
          ? "being dry-run"
          : before
            ? "not run"
            : `${a.done} of ${a.total} done${a.failed > 0 ? `, ${a.failed} failed` : ""}`}
      </span>
      <span className="w-28 text-right text-muted">
        <Time at={a.createdAt} />
      </span>
    </li>
  );
}
