import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  CircleCheck,
  CircleDashed,
  CircleSlash,
  LoaderCircle,
  TriangleAlert,
  Unplug,
  type LucideIcon,
} from "lucide-react";
import { useState } from "react";
import { clusters, removeCluster, type Cluster } from "../../api/clusters";
import { Button } from "../../components/Button";
import { ErrorPanel } from "../../components/Panels";
import { Time } from "../../components/Time";
import { count } from "../../lib/count";
import { written } from "../../lib/filters";
import { ProtectionField } from "./ProtectionField";

const states: Record<string, { icon: LucideIcon; color: string }> = {
  synced: { icon: CircleCheck, color: "text-good" },
  syncing: { icon: LoaderCircle, color: "text-busy" },
  failing: { icon: TriangleAlert, color: "text-warn" },
  gone: { icon: CircleSlash, color: "text-quiet" },
  excluded: { icon: CircleDashed, color: "text-quiet" },
};

/** What is collected of a member, kind by kind; trouble comes first. */
export function ClusterDetail({ cluster: c }: { cluster: Cluster }) {
  const order = ["failing", "syncing", "synced", "excluded", "gone"];
  const kinds = c.resources.toSorted(
    (a, b) =>
      order.indexOf(a.state) - order.indexOf(b.state) || b.objects - a.objects || a.resource.localeCompare(b.resource),
  );
  const labels = Object.entries((c.labels ?? {}) as Record<string, string>);
  return (
    <section aria-label={`Cluster ${c.name}`} className="m-3 mt-0 shrink-0 rounded-lg border border-line bg-surface">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2">
        <h2 className="font-semibold">{c.name}</h2>
        <Link to="/search" search={{ q: `cluster:${written(c.name)}` }} className="text-sm text-accent hover:underline">
          Search in it
        </Link>
        <Link
          to="/search"
          search={{ q: `cluster:${written(c.name)} is:unhealthy` }}
          className="text-sm text-accent hover:underline"
        >
          What is unhealthy
        </Link>
        <Remove name={c.name} />
      </header>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 px-4 py-3 text-sm sm:grid-cols-[auto_1fr_auto_1fr]">
        <dt className="text-muted">Identity</dt>
        <dd className="font-mono text-xs break-all">{c.uid || "not known yet"}</dd>
        <dt className="text-muted">Connection</dt>
        <dd>{c.mode === "pull" ? "its collector dials the hub" : "the hub dials it"}</dd>
        <dt className="text-muted">Namespaces</dt>
        <dd>{count(c.namespaces)}</dd>
        <dt className="text-muted">Attached</dt>
        <dd>
          <Time at={c.addedAt} />
        </dd>
        <dt className="text-muted">Protection</dt>
        <dd>
          <ProtectionField cluster={c} />
        </dd>
        {labels.length > 0 && (
          <>
            <dt className="text-muted">Labels</dt>
            <dd className="font-mono text-xs break-all">{labels.map(([k, v]) => `${k}=${v}`).join("  ")}</dd>
          </>
        )}
      </dl>
      {/* Scrolled by keyboard too. */}
      <div className="max-h-[28rem] overflow-auto border-t border-line" role="region" aria-label="Kinds" tabIndex={0}>
        <table className="w-full text-left text-sm">
          <thead className="sticky top-0 bg-surface text-xs text-muted">
            <tr>
              <th className="px-4 py-1.5">Kind</th>
              <th className="px-4 py-1.5">Resource</th>
              <th className="px-4 py-1.5">State</th>
              <th className="px-4 py-1.5 text-right">Objects</th>
            </tr>
          </thead>
          <tbody>
            {kinds.map((r) => {
              const { icon: Icon, color } = states[r.state] ?? { icon: CircleDashed, color: "text-quiet" };
              const name = r.group ? `${r.resource}.${r.group}` : r.resource;
              return (
                <tr key={`${name}/${r.version}`} className="border-t border-line/60">
                  <th scope="row" className="px-4 py-1 font-medium">
                    <Link
                      to="/search"
                      search={{ q: `cluster:${written(c.name)} kind:${written(name)}` }}
                      className="text-accent hover:underline"
                    >
                      {r.kind || r.resource}
                    </Link>
                  </th>
                  <td className="px-4 py-1 text-muted">
                    {name} {r.version}
                  </td>
                  <td className="px-4 py-1">
                    <span className={`inline-flex items-center gap-1.5 ${color}`}>
                      <Icon className="size-4 shrink-0" aria-hidden />
                      {r.state}
                    </span>
                    {r.reason && <span className="block text-xs text-muted">{r.reason}</span>}
                  </td>
                  <td className="px-4 py-1 text-right tabular-nums">{count(r.objects)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Remove({ name }: { name: string }) {
  const client = useQueryClient();
  const [sure, setSure] = useState(false);
  const remove = useMutation({
    mutationFn: () => removeCluster(name),
    onSuccess: () => void client.invalidateQueries({ queryKey: clusters().queryKey }),
  });
  return (
    <span className="ml-auto flex flex-wrap items-center gap-2">
      {sure ? (
        <>
          <span className="text-sm">
            The hub forgets it; its collector is cut off. What was stored stays until it expires.
          </span>
          <Button small look="danger" icon={Unplug} busy={remove.isPending} onClick={() => remove.mutate()}>
            Remove {name}
          </Button>
          <Button small look="quiet" onClick={() => setSure(false)}>
            Keep it
          </Button>
        </>
      ) : (
        <Button small look="quiet" icon={Unplug} onClick={() => setSure(true)}>
          Remove
        </Button>
      )}
      {remove.error && <ErrorPanel error={remove.error} />}
    </span>
  );
}
