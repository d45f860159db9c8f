import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { FileCode2, TriangleAlert } from "lucide-react";
import { resource } from "../api/resource";
import { ErrorPanel, Notice, Skeleton } from "../components/Panels";
import { clusterNames } from "../lib/override";
import { redacted, toApply } from "../lib/manifest";
import { parseRef } from "../lib/ref";
import { templateOf, templates } from "../lib/templates";
import { ApplyForm } from "./apply/ApplyForm";

const route = getRouteApi("/frame/apply");

/** A manifest, applied in any set of clusters: written here, planned as a dry run in each, then run. */
export function ApplyPage() {
  const { from, template, clusters, plan } = route.useSearch();
  const navigate = useNavigate();
  const source = useQuery({ ...resource(from ?? ""), enabled: from !== undefined });
  const key = from ?? template ?? "";
  const chosen =
    clusters === undefined ? [parseRef(from ?? "")?.cluster ?? ""].filter(Boolean) : clusterNames(clusters);
  const first = from === undefined ? templateOf(template) : source.data ? toApply(source.data.yaml) : undefined;
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto flex max-w-7xl flex-col gap-3 p-4">
        <header className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <h1 className="text-lg font-semibold">Apply a manifest</h1>
          <label className="ml-auto inline-flex items-center gap-1.5 text-sm text-muted">
            <FileCode2 className="size-4" aria-hidden />
            Begin with
            <select
              className="h-8 rounded-md border border-edge/60 bg-surface px-2 text-ink"
              value={from === undefined ? (template ?? "deployment") : "from"}
              onChange={(e) =>
                void navigate({
                  to: "/apply",
                  search: { template: e.target.value, clusters },
                })
              }
            >
              {from !== undefined && <option value="from">{parseRef(from)?.name ?? from}</option>}
              {templates.map((t) => (
                <option key={t.id} value={t.id}>
                  {t.word}
                </option>
              ))}
            </select>
          </label>
        </header>
        {source.data?.yaml.includes(redacted) && (
          <Notice icon={TriangleAlert}>
            Some of its values are secret and stand here as <code className="font-mono">{redacted}</code>. Take those
            fields out: what a manifest does not name stays as it is.
          </Notice>
        )}
        {from !== undefined && source.error ? (
          <ErrorPanel error={source.error} retry={() => void source.refetch()} />
        ) : from !== undefined && source.data === null ? (
          <Notice icon={TriangleAlert}>There is no {from} any more; begin with something else.</Notice>
        ) : first === undefined ? (
          <Skeleton rows={12} label="Asking for the manifest" />
        ) : (
          <ApplyForm
            key={key}
            draftKey={key}
            first={first}
            chosen={chosen}
            plan={plan}
            onChoose={(names) =>
              void navigate({
                to: "/apply",
                search: (s) => ({ ...s, clusters: names.join(",") || undefined }),
                replace: true,
              })
            }
            onPlan={(id) => void navigate({ to: "/apply", search: (s) => ({ ...s, plan: id }), replace: true })}
          />
        )}
      </div>
    </div>
  );
}
