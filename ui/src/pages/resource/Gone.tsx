import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { history } from "../../api/resource";
import { EmptyPanel, Skeleton } from "../../components/Panels";
import { Time } from "../../components/Time";
import { written } from "../../lib/filters";
import { exact } from "../../lib/time";

/** There is no such object at that moment; what is known of it from before is a click away. */
export function Gone({ objectRef, name, at }: { objectRef: string; name: string; at: string | undefined }) {
  const { data, isPending } = useInfiniteQuery(history(objectRef));
  if (isPending) return <Skeleton rows={4} label="Looking into the past" />;
  const versions = data?.pages[0]?.nodes ?? [];
  const deleted = versions.find((v) => v.type === "DELETED");
  const alive = versions.find((v) => v.type !== "DELETED");
  return (
    <EmptyPanel first title={at === undefined ? `There is no ${name} here now` : `There was no ${name} here then`}>
      {deleted && at === undefined && (
        <p>
          It was deleted <Time at={deleted.observedAt} />
          {deleted.changedBy ? ` by ${deleted.changedBy}` : ""}.
        </p>
      )}
      {at !== undefined && <p>Asked for {exact(at)}.</p>}
      <p className="mt-2 flex flex-wrap justify-center gap-x-4 gap-y-1">
        {alive && at === undefined && (
          <Link
            to="."
            search={(s: Record<string, unknown>) => ({ ...s, at: alive.observedAt })}
            className="text-accent underline"
          >
            Show it as it was last
          </Link>
        )}
        {at !== undefined && (
          <Link
            to="."
            search={(s: Record<string, unknown>) => ({ ...s, at: undefined })}
            className="text-accent underline"
          >
            Show it as it is now
          </Link>
        )}
        {versions.length > 0 && (
          <Link
            to="."
            search={(s: Record<string, unknown>) => ({ ...s, at: undefined, tab: "history" })}
            className="text-accent underline"
          >
            Its history
          </Link>
        )}
        <Link to="/search" search={{ q: `name:${written(name)}` }} className="text-accent underline">
          Search for that name everywhere
        </Link>
      </p>
    </EmptyPanel>
  );
}
