import { Link } from "@tanstack/react-router";
import { Info, TriangleAlert } from "lucide-react";
import type { KubeEvent } from "../api/resource";
import { paramsOf, parseRef } from "../lib/ref";
import { Time } from "./Time";

export function EventList({ events }: { events: KubeEvent[] }) {
  return (
    <ul className="divide-y divide-line/60 bg-surface">
      {events.map((e) => {
        const warning = e.type !== "Normal";
        const ref = e.regarding ? parseRef(e.regarding) : undefined;
        const Icon = warning ? TriangleAlert : Info;
        return (
          <li key={e.uid} className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-3 px-3 py-2 text-sm">
            <span className="text-muted">
              <Time at={e.lastAt} />
            </span>
            <div className="min-w-0">
              <p className="flex flex-wrap items-center gap-x-2">
                <span className={`inline-flex items-center gap-1 font-medium ${warning ? "text-warn" : ""}`}>
                  <Icon className={`size-4 ${warning ? "" : "text-muted"}`} aria-label={e.type} />
                  {e.reason}
                </span>
                {ref ? (
                  <Link
                    to="/r/$cluster/$group/$resource/$namespace/$name"
                    params={paramsOf(ref)}
                    className="min-w-0 break-all text-accent hover:underline"
                  >
                    {e.regardingKind} {e.regardingName}
                  </Link>
                ) : (
                  <span className="break-all">
                    {e.regardingKind} {e.regardingName}
                  </span>
                )}
                {e.count > 1 && (
                  <span className="text-xs text-muted">
                    {e.count} times since <Time at={e.firstAt} as="clock" />
                  </span>
                )}
                {e.source && <span className="text-xs text-muted">{e.source}</span>}
              </p>
              <p className="break-words">{e.message}</p>
            </div>
          </li>
        );
      })}
    </ul>
  );
}
