import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Upload } from "lucide-react";
import { actions } from "../api/actions";
import { ActionStateMark } from "../components/action/ActionStateMark";
import { Button } from "../components/Button";
import { EmptyPanel, ErrorPanel, Skeleton } from "../components/Panels";
import { Time } from "../components/Time";

/** Everything that was planned or done, newest first. */
export function ActionsPage() {
  const pages = useInfiniteQuery({ ...actions(""), refetchInterval: 5_000 });
  const list = pages.data?.pages.flatMap((p) => p.nodes) ?? [];
  return (
    <div className="flex h-full flex-col overflow-y-auto">
      <header className="flex items-center border-b border-line bg-raised px-4 py-2">
        <h1 className="text-base font-semibold">Actions</h1>
        <Link
          to="/apply"
          className="ml-auto inline-flex min-h-8 items-center gap-1.5 rounded-md border border-edge/60 bg-surface px-3 text-sm hover:bg-hover"
        >
          <Upload className="size-4" aria-hidden />
          Apply a manifest
        </Link>
      </header>
      {pages.error && !pages.data ? (
        <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <Skeleton rows={6} label="Asking for the actions" />
      ) : list.length === 0 ? (
        <EmptyPanel title="Nothing was done yet">
          <p>
            Select objects in the{" "}
            <Link to="/search" search={{ q: "kind:deploy" }} className="text-accent underline">
              search
            </Link>
            and choose what to do with them, or apply a manifest: every action starts as a plan.
          </p>
        </EmptyPanel>
      ) : (
        <ul className="m-3 divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
          {list.map((a) => (
            <li
              key={a.id}
              className="relative flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-4 py-2.5 text-sm hover:bg-hover"
            >
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
                  {a.undoneBy && " · undone"}
                  {a.undoes && " · undoes an earlier one"}
                  {a.retries && " · retries an earlier one"}
                </p>
              </div>
              <span className="text-muted tabular-nums">
                {a.state === "PLANNING"
                  ? "being dry-run"
                  : a.state === "PLANNED" || a.state === "EXPIRED"
                    ? "not run"
                    : `${a.done} of ${a.total} done${a.failed > 0 ? `, ${a.failed} failed` : ""}`}
              </span>
              <span className="w-28 text-right text-muted">
                <Time at={a.createdAt} />
              </span>
            </li>
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
