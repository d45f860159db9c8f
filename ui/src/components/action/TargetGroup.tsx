import type { Target } from "../../api/actions";
import { many } from "../../lib/count";
import type { TargetGroup as Group } from "../../lib/plan";
import { UnifiedDiff } from "../UnifiedDiff";
import { TargetList } from "./TargetList";

interface Props {
  group: Group<Target>;
  waves: boolean;
  open: boolean;
}

/** Targets that would change in the same way, with that change once. */
export function TargetGroup({ group, waves, open }: Props) {
  return (
    <section className="panel overflow-hidden" aria-label={group.title}>
      <div className="flex flex-wrap items-baseline gap-x-3 border-b border-line bg-raised px-3 py-1.5">
        <h2 className="font-semibold break-words">{group.title}</h2>
        <span className="text-xs text-muted">{many(group.targets.length, "target")}</span>
      </div>
      <TargetList targets={group.targets} label={`Targets: ${group.title}`} planned waves={waves} />
      {group.diff !== "" && (
        <details open={open} className="border-t border-line">
          <summary className="cursor-pointer px-3 py-1.5 text-sm text-muted hover:bg-hover">
            What the dry run would change
          </summary>
          <div className="max-h-80 overflow-auto border-t border-line">
            <UnifiedDiff diff={group.diff} label={`Change: ${group.title}`} />
          </div>
        </details>
      )}
    </section>
  );
}
