import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ChevronRight, Plus, SquareTerminal } from "lucide-react";
import { useState } from "react";
import { clusters, type Cluster } from "../api/clusters";
import { Button } from "../components/Button";
import { ClusterStateMark } from "../components/ClusterStateMark";
import { EmptyPanel, ErrorPanel, Skeleton } from "../components/Panels";
import { Time } from "../components/Time";
import { count, many } from "../lib/count";
import { duration } from "../lib/time";
import { AddCluster } from "./clusters/AddCluster";
import { ClusterDetail } from "./clusters/ClusterDetail";
import { UseKubectl } from "./clusters/UseKubectl";

const route = getRouteApi("/frame/clusters");

/** Every member: how it stands, how fresh what is known of it is, and what of it cannot be read. */
export function ClustersPage() {
  const { cluster } = route.useSearch();
  const { data, error, refetch } = useQuery(clusters());
  const [adding, setAdding] = useState(false);
  const [using, setUsing] = useState(false);
  const shown = data?.find((c) => c.name === cluster);
  const sum = (of: (c: Cluster) => number): number => (data ?? []).reduce((n, c) => n + of(c), 0);
  return (
    <div className="flex h-full flex-col overflow-y-auto">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-raised px-4 py-2">
        <h1 className="text-base font-semibold">Clusters</h1>
        {data && data.length > 0 && (
          <p className="text-sm text-muted tabular-nums">
            {many(data.length, "cluster")} · {count(sum((c) => c.objects))} objects · {count(sum((c) => c.nodes))} nodes
            · {count(sum((c) => c.pods))} pods
          </p>
        )}
        <span className="ml-auto flex flex-wrap gap-2">
          <Button icon={SquareTerminal} onClick={() => setUsing(true)}>
            Use with kubectl
          </Button>
          <Button icon={Plus} onClick={() => setAdding(true)}>
            Add a cluster
          </Button>
        </span>
      </header>
      {error && !data ? (
        <ErrorPanel error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Skeleton rows={5} label="Asking for the clusters" />
      ) : data.length === 0 ? (
        <EmptyPanel title="No cluster is attached yet">
          <p>
            Start the hub with a kubeconfig and it dials the clusters in it, or add one whose collector dials the hub.
          </p>
        </EmptyPanel>
      ) : (
        <>
          <Table list={data} chosen={cluster} />
          {shown && <ClusterDetail cluster={shown} />}
        </>
      )}
      {using && <UseKubectl cluster={shown?.name} onClose={() => setUsing(false)} />}
      {adding && <AddCluster onClose={() => setAdding(false)} />}
    </div>
  );
}

function Table({ list, chosen }: { list: Cluster[]; chosen: string | undefined }) {
  const cell = "px-3 py-2";
  return (
    // It takes the focus, so that it can be scrolled by keyboard.
    <div
      className="m-3 shrink-0 overflow-x-auto rounded-lg border border-line bg-surface"
      role="region"
      aria-label="Clusters"
      tabIndex={0}
    >
      <table className="w-full text-left text-sm">
        <thead className="border-b border-line text-xs text-muted">
          <tr>
            <th className={cell}>Name</th>
            <th className={cell}>State</th>
            <th className={cell}>As of</th>
            <th className={`${cell} text-right`}>Lag</th>
            <th className={cell}>Kubernetes</th>
            <th className={`${cell} text-right`}>Objects</th>
            <th className={`${cell} text-right`}>Nodes</th>
            <th className={`${cell} text-right`}>Pods</th>
            <th className={cell}>Kinds in trouble</th>
          </tr>
        </thead>
        <tbody>
          {list.map((c) => {
            const failing = c.resources.filter((r) => r.state === "failing");
            return (
              <tr
                key={c.name}
                className={`border-b border-line/60 last:border-0 hover:bg-hover ${chosen === c.name ? "bg-accent-soft" : ""}`}
              >
                <th scope="row" className={`${cell} font-medium`}>
                  <Link
                    to="/clusters"
                    search={{ cluster: chosen === c.name ? undefined : c.name }}
                    aria-expanded={chosen === c.name}
                    className="inline-flex items-center gap-1 text-accent hover:underline"
                  >
                    <ChevronRight
                      className={`size-4 transition-transform ${chosen === c.name ? "rotate-90" : ""}`}
                      aria-hidden
                    />
                    {c.name}
                  </Link>
                </th>
                <td className={cell}>
                  <ClusterStateMark state={c.state} />
                  {c.reason && <p className="max-w-md text-xs text-muted">{c.reason}</p>}
                </td>
                <td className={`${cell} whitespace-nowrap`}>{c.asOf ? <Time at={c.asOf} /> : "never"}</td>
                <td className={`${cell} text-right whitespace-nowrap tabular-nums`}>
                  {c.lagMs === null ? "" : duration(c.lagMs)}
                </td>
                <td className={cell}>{c.kubernetesVersion}</td>
                <td className={`${cell} text-right tabular-nums`}>{count(c.objects)}</td>
                <td className={`${cell} text-right tabular-nums`}>{count(c.nodes)}</td>
                <td className={`${cell} text-right tabular-nums`}>{count(c.pods)}</td>
                <td className={cell}>
                  {failing.length === 0 ? (
                    <span className="text-muted">none</span>
                  ) : (
                    <span className="text-warn">{failing.map((r) => r.kind || r.resource).join(", ")}</span>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
