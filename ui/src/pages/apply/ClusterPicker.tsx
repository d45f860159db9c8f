import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { clusters } from "../../api/clusters";
import { ClusterStateMark } from "../../components/ClusterStateMark";
import { ErrorPanel, Skeleton } from "../../components/Panels";
import { many } from "../../lib/count";

interface Props {
  chosen: readonly string[];
  onChoose: (names: string[]) => void;
}

/** Above this many a field to find one among them stands before the list. */
const short = 8;

/** In which clusters; those that are away can be chosen, and their targets say so. */
export function ClusterPicker({ chosen, onChoose }: Props) {
  const { data, error, refetch } = useQuery(clusters());
  const [typed, setTyped] = useState("");
  if (error && !data) return <ErrorPanel error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton rows={3} label="Asking for the clusters" />;
  const names = data.map((c) => c.name);
  const found = data.filter((c) => c.name.toLowerCase().includes(typed.trim().toLowerCase()));
  const all = found.length > 0 && found.every((c) => chosen.includes(c.name));
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1 text-sm font-semibold">Clusters</legend>
      <div className="flex flex-wrap items-center gap-2">
        {data.length > short && (
          <input
            type="search"
            aria-label="Find a cluster"
            placeholder={`Find among ${data.length}`}
            value={typed}
            onChange={(e) => setTyped(e.target.value)}
            className="h-8 min-w-0 grow rounded-md border border-edge/60 bg-transparent px-2 text-sm"
          />
        )}
        <span className="text-xs text-muted">{many(chosen.length, "cluster")} chosen</span>
        <button
          type="button"
          className="min-h-6 text-xs text-accent hover:underline"
          onClick={() =>
            onChoose(
              all
                ? chosen.filter((n) => !found.some((c) => c.name === n))
                : names.filter((n) => chosen.includes(n) || found.some((c) => c.name === n)),
            )
          }
        >
          {all ? "None of them" : "All of them"}
        </button>
      </div>
      <ul className="max-h-56 overflow-y-auto rounded-md border border-line">
        {found.map((c) => (
          <li key={c.name}>
            <label className="flex min-h-8 items-center gap-2 px-2.5 text-sm hover:bg-hover">
              <input
                type="checkbox"
                className="size-4 accent-(--accent)"
                checked={chosen.includes(c.name)}
                onChange={(e) =>
                  onChoose(
                    e.target.checked
                      ? names.filter((n) => n === c.name || chosen.includes(n))
                      : chosen.filter((n) => n !== c.name),
                  )
                }
              />
              <span className="min-w-0 grow truncate">{c.name}</span>
              <ClusterStateMark state={c.state} />
            </label>
          </li>
        ))}
        {found.length === 0 && <li className="p-2.5 text-sm text-muted">No cluster is like that.</li>}
      </ul>
    </fieldset>
  );
}
