import { useQuery } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import { LoaderCircle } from "lucide-react";
import { recentActions, underWay } from "../api/actions";

/** Running actions, on every page but their own. */
export function TaskTray() {
  const path = useRouterState({ select: (s) => s.location.pathname });
  const { data } = useQuery(recentActions());
  const running = (data ?? []).filter((a) => underWay(a) && path !== `/actions/${a.id}`);
  if (running.length === 0) return null;
  return (
    <section aria-label="Running actions" className="flex flex-wrap gap-2 border-t border-line bg-surface px-3 py-1.5">
      {running.map((a) => (
        <Link
          key={a.id}
          to="/actions/$id"
          params={{ id: a.id }}
          className="flex min-h-7 max-w-full items-center gap-2 rounded-md border border-line px-2 text-sm hover:bg-hover"
        >
          <LoaderCircle className="spin size-4 shrink-0 text-busy" aria-hidden />
          <span className="truncate">{a.title}</span>
          <span className="shrink-0 text-muted">
            {a.state === "PLANNING"
              ? `dry run of ${a.total}`
              : `${a.done} of ${a.total} done${a.failed > 0 ? `, ${a.failed} failed` : ""}${a.waves.count > 1 ? `, wave ${a.wave} of ${a.waves.count}` : ""}`}
          </span>
        </Link>
      ))}
    </section>
  );
}
