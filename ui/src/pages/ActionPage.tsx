import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { action } from "../api/actions";
import { ActionView } from "../components/action/ActionView";
import { EmptyPanel, ErrorPanel, Skeleton } from "../components/Panels";
import { Time } from "../components/Time";

const route = getRouteApi("/frame/actions/$id");

/** One action: the plan that a colleague can review, its run, its result. */
export function ActionPage() {
  const { id } = route.useParams();
  const { state = "", cluster = "" } = route.useSearch();
  const navigate = useNavigate();
  const { data, error, refetch, isPending } = useQuery(action(id));
  if (error && data === undefined)
    return (
      <>
        <h1 className="visually-hidden">Action</h1>
        <ErrorPanel error={error} retry={() => void refetch()} />
      </>
    );
  if (isPending) return <Skeleton rows={6} label="Asking for the action" />;
  if (!data)
    return (
      <EmptyPanel first title="There is no such action">
        <Link to="/actions" className="text-accent underline">
          All actions
        </Link>
      </EmptyPanel>
    );
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto flex max-w-5xl flex-col gap-3 p-4">
        <header>
          <Link to="/actions" className="text-sm text-muted hover:text-accent hover:underline">
            Actions
          </Link>
          <h1 className="text-lg font-semibold break-words">{data.title}</h1>
          <p className="text-sm text-muted">
            Planned <Time at={data.createdAt} /> by {data.actor}
          </p>
        </header>
        <ActionView
          action={data}
          onFollow={(next) => void navigate({ to: "/actions/$id", params: { id: next } })}
          filter={{ state, cluster }}
          onFilter={(f) =>
            void navigate({
              to: "/actions/$id",
              params: { id },
              search: { state: f.state || undefined, cluster: f.cluster || undefined },
              replace: true,
            })
          }
        />
      </div>
    </div>
  );
}
