import { useMemo } from "react";
import type { Target } from "../../api/actions";
import type { TargetState } from "../../api/generated";
import { count } from "../../lib/count";
import { tally } from "../../lib/plan";
import { parseRef } from "../../lib/ref";
import { targetStates } from "./states";
import { TargetList } from "./TargetList";

/** Which targets are shown; "" is all. */
export interface TargetFilter {
  state: string;
  cluster: string;
}

interface Props {
  targets: readonly Target[];
  waves: boolean;
  filter: TargetFilter;
  onFilter: (filter: TargetFilter) => void;
}

const order: readonly TargetState[] = ["FAILED", "RUNNING", "QUEUED", "READY", "DONE", "SKIPPED", "BLOCKED", "PENDING"];

/** Every target of a run with its state, narrowed by state and cluster. */
export function RunTable({ targets, waves, filter, onFilter }: Props) {
  const clusters = useMemo(() => [...new Set(targets.map(clusterOf))].toSorted(), [targets]);
  const here = targets.filter((t) => filter.cluster === "" || clusterOf(t) === filter.cluster);
  const counts = tally(here);
  const shown = here.filter((t) => filter.state === "" || t.state === filter.state);
  return (
    <section className="panel overflow-hidden" aria-label="Targets">
      <div className="flex flex-wrap items-center gap-1.5 border-b border-line bg-raised px-3 py-1.5">
        <h2 className="mr-2 font-semibold">Targets</h2>
        <Chip
          word={`All ${count(here.length)}`}
          pressed={filter.state === ""}
          onPress={() => onFilter({ ...filter, state: "" })}
        />
        {order
          .filter((s) => counts.has(s) || filter.state === s)
          .map((s) => (
            <Chip
              key={s}
              word={`${targetStates[s].word} ${count(counts.get(s) ?? 0)}`}
              pressed={filter.state === s}
              onPress={() => onFilter({ ...filter, state: filter.state === s ? "" : s })}
            />
          ))}
        {clusters.length > 1 && (
          <select
            aria-label="Cluster"
            className="ml-auto h-7 rounded-md border border-edge/60 bg-surface px-1.5 text-xs"
            value={filter.cluster}
            onChange={(e) => onFilter({ ...filter, cluster: e.target.value })}
          >
            <option value="">all clusters</option>
            {clusters.map((c) => (
              <option key={c}>{c}</option>
            ))}
          </select>
        )}
      </div>
      {shown.length === 0 ? (
        <p className="p-3 text-sm text-muted">No target is like that.</p>
      ) : (
        <TargetList targets={shown} label="Targets of the run" planned={false} waves={waves} />
      )}
    </section>
  );
}

function clusterOf(t: Target): string {
  return parseRef(t.ref)?.cluster ?? "";
}

function Chip({ word, pressed, onPress }: { word: string; pressed: boolean; onPress: () => void }) {
  return (
    <button
      type="button"
      aria-pressed={pressed}
      className={`min-h-6 rounded-full border px-2.5 text-xs tabular-nums ${pressed ? "border-accent bg-accent-soft font-semibold text-accent" : "border-edge/60 text-muted hover:bg-hover"}`}
      onClick={onPress}
    >
      {word}
    </button>
  );
}
