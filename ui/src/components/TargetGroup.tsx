import { Link } from "@tanstack/react-router";
import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleX,
  ClockFading,
  LoaderCircle,
  SkipForward,
  TriangleAlert,
  type LucideIcon,
} from "lucide-react";
import type { Target } from "../api/actions";
import type { TargetState } from "../api/generated";
import { many } from "../lib/count";
import type { TargetGroup as Group } from "../lib/plan";
import { paramsOf, parseRef } from "../lib/ref";
import { UnifiedDiff } from "./UnifiedDiff";

const marks: Record<TargetState, { icon: LucideIcon; color: string; word: string }> = {
  READY: { icon: CircleCheck, color: "text-good", word: "Dry run passed" },
  BLOCKED: { icon: Ban, color: "text-bad", word: "Blocked" },
  QUEUED: { icon: ClockFading, color: "text-quiet", word: "Queued" },
  RUNNING: { icon: LoaderCircle, color: "text-busy", word: "Running" },
  DONE: { icon: CircleCheck, color: "text-good", word: "Done" },
  FAILED: { icon: CircleX, color: "text-bad", word: "Failed" },
  SKIPPED: { icon: SkipForward, color: "text-quiet", word: "Skipped" },
};

interface Props {
  group: Group<Target>;
  planned: boolean;
  open: boolean;
}

/** Targets that would change in the same way, with that change once. */
export function TargetGroup({ group, planned, open }: Props) {
  return (
    <section className="panel overflow-hidden" aria-label={group.title}>
      <div className="flex flex-wrap items-baseline gap-x-3 border-b border-line bg-raised px-3 py-1.5">
        <h2 className="font-semibold">{group.title}</h2>
        <span className="text-xs text-muted">{many(group.targets.length, "target")}</span>
      </div>
      <ul className="max-h-72 divide-y divide-line overflow-y-auto">
        {group.targets.map((t) => (
          <TargetRow key={t.ref} target={t} planned={planned} />
        ))}
      </ul>
      {group.diff !== "" && (
        <details open={open && planned} className="border-t border-line">
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

function TargetRow({ target: t, planned }: { target: Target; planned: boolean }) {
  const ref = parseRef(t.ref);
  const { icon: Icon, color, word } = marks[t.state];
  const rollout = t.desired !== null && !planned && t.state !== "SKIPPED";
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-0.5 px-3 py-1.5 text-sm">
      <span className={`inline-flex w-32 shrink-0 items-center gap-1.5 ${color}`}>
        <Icon className={`size-4 shrink-0 ${t.state === "RUNNING" ? "spin" : ""}`} aria-hidden />
        {word}
      </span>
      <span className="min-w-0 grow basis-56">
        {ref ? (
          <>
            <Link
              to="/r/$cluster/$group/$resource/$namespace/$name"
              params={paramsOf(ref)}
              className="font-medium text-accent hover:underline"
            >
              {ref.name}
            </Link>
            <span className="text-muted">
              {" "}
              {ref.resource} {ref.namespace && `in ${ref.namespace} `}on {ref.cluster}
            </span>
          </>
        ) : (
          t.ref
        )}
      </span>
      {rollout && (
        <span className="inline-flex items-center gap-1 text-xs text-muted tabular-nums">
          {t.state === "RUNNING" && <CircleDashed className="size-3.5" aria-hidden />}
          {t.updated !== null && `${t.updated} of ${t.desired} updated, `}
          {t.readyReplicas ?? 0} of {t.desired} ready
        </span>
      )}
      {t.message && (
        <span
          className={`basis-full pl-35 ${t.state === "BLOCKED" || t.state === "FAILED" ? "text-bad" : "text-muted"}`}
        >
          {t.message}
        </span>
      )}
      {t.warnings.map((w) => (
        <span key={w} className="inline-flex basis-full items-start gap-1.5 pl-35 text-warn">
          <TriangleAlert className="mt-0.5 size-3.5 shrink-0" aria-hidden />
          {w}
        </span>
      ))}
    </li>
  );
}
