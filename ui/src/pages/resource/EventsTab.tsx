import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { events, type Resource } from "../../api/resource";
import { Button } from "../../components/Button";
import { CoverageLine } from "../../components/CoverageLine";
import { EventList } from "../../components/EventList";
import { EmptyPanel, ErrorPanel, Skeleton } from "../../components/Panels";
import { written } from "../../lib/filters";

const week = 7 * 86_400_000;

/** Events of the last week about the object and about what it owns. */
export function EventsTab({ resource: r }: { resource: Resource }) {
  const [owned, setOwned] = useState(true);
  const kind = r.group ? `${r.resource}.${r.group}` : r.resource;
  const scope = `cluster:${written(r.cluster)}${r.namespace ? ` ns:${written(r.namespace)}` : ""}`;
  const self = `kind:${written(kind)} name=${written(r.name)}`;
  const query = owned ? `${scope} ((${self}) OR owner:${written(`${r.kind}/${r.name}`)})` : `${scope} ${self}`;
  const [from] = useState(() => new Date(Date.now() - week).toISOString());
  const pages = useInfiniteQuery(events(query, from));
  const list = pages.data?.pages.flatMap((p) => p.nodes) ?? [];
  const first = pages.data?.pages[0];
  return (
    <div>
      <div className="flex flex-wrap items-center gap-4 border-b border-line bg-raised px-3 py-1.5 text-sm">
        <label className="inline-flex min-h-6 items-center gap-1.5">
          <input
            type="checkbox"
            className="size-4 accent-(--accent)"
            checked={owned}
            onChange={(e) => setOwned(e.target.checked)}
          />
          also of what it owns
        </label>
        <span className="text-xs text-muted">the last 7 days</span>
        <span className="ml-auto text-xs">{first && <CoverageLine coverage={first.coverage} />}</span>
      </div>
      {pages.error && !first ? (
        <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <Skeleton rows={8} label="Asking for events" />
      ) : list.length === 0 ? (
        <EmptyPanel title="No events">
          <p>Nothing was reported about it in the last 7 days.</p>
        </EmptyPanel>
      ) : (
        <>
          <EventList events={list} />
          {pages.hasNextPage && (
            <div className="p-3">
              <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
                Older events
              </Button>
            </div>
          )}
        </>
      )}
    </div>
  );
}
