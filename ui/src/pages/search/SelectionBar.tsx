import { RotateCw, Scaling, X } from "lucide-react";
import type { ActionVerb } from "../../api/generated";
import type { Row } from "../../api/search";
import type { ActionRequest } from "../../components/ActionDialog";
import { Button } from "../../components/Button";
import { useKeys } from "../../components/keys";
import { count, many } from "../../lib/count";
import type { Selection } from "./useSelection";

interface Props {
  query: string;
  total: number;
  rows: Row[];
  selection: Selection;
  onAct: (request: ActionRequest) => void;
}

/** What can be done with the selected rows, or with every result once all loaded ones are selected. */
export function SelectionBar({ query, total, rows, selection, onAct }: Props) {
  const picked = selection.rows;
  const clusters = new Set(picked.map((r) => r.cluster)).size;
  const everything = total > rows.length && rows.every((r) => selection.has(r.ref));
  const able = (verb: ActionVerb): Row[] => picked.filter((r) => r.verbs.includes(verb));
  const act = (verb: ActionVerb): void => {
    const targets = able(verb);
    if (targets.length > 0)
      onAct({
        verb,
        refs: targets.map((r) => r.ref),
        leftOut: picked.length - targets.length,
        replicas: agreed(targets),
      });
  };
  useKeys({ r: () => act("RESTART"), s: () => act("SCALE") });
  return (
    <section
      aria-label="Selection"
      className="flex flex-wrap items-center gap-2 border-t border-line bg-surface px-3 py-2 shadow-[0_-4px_12px_rgb(0_0_0/0.06)]"
    >
      <p aria-live="polite" className="text-sm font-semibold">
        {count(picked.length)} selected in {many(clusters, "cluster")}
      </p>
      <Button
        icon={RotateCw}
        disabled={able("RESTART").length === 0}
        title={why("RESTART", able("RESTART").length)}
        onClick={() => act("RESTART")}
      >
        Restart
      </Button>
      <Button
        icon={Scaling}
        disabled={able("SCALE").length === 0}
        title={why("SCALE", able("SCALE").length)}
        onClick={() => act("SCALE")}
      >
        Scale
      </Button>
      {everything && (
        <span className="flex flex-wrap items-center gap-2 border-l border-line pl-3">
          <Button look="quiet" onClick={() => onAct({ verb: "RESTART", query, leftOut: 0, total })}>
            Restart all {count(total)} results
          </Button>
          <Button look="quiet" onClick={() => onAct({ verb: "SCALE", query, leftOut: 0, total })}>
            Scale all {count(total)} results
          </Button>
        </span>
      )}
      <Button look="quiet" icon={X} className="ml-auto" onClick={selection.clear}>
        Clear
      </Button>
    </section>
  );
}

function why(verb: ActionVerb, able: number): string {
  if (able > 0) return verb === "RESTART" ? "Restart (r)" : "Scale (s)";
  return verb === "RESTART"
    ? "Only Deployments, StatefulSets and DaemonSets can be restarted"
    : "Only Deployments and StatefulSets can be scaled";
}

/** The number of replicas that all have, as the dialog's first proposal. */
function agreed(rows: Row[]): number | null {
  const [first] = rows;
  return first && rows.every((r) => r.replicas === first.replicas) ? first.replicas : null;
}
