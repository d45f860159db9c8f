import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { CircleDashed, TriangleAlert } from "lucide-react";
import { useRef } from "react";
import type { Target } from "../../api/actions";
import { paramsOf, parseRef } from "../../lib/ref";
import { targetStates } from "./states";

interface Props {
  targets: readonly Target[];
  label: string;
  planned: boolean;
  /** Whether each says in which wave it goes. */
  waves: boolean;
}

/** From so many on only those in sight are drawn. */
const few = 50;

/** Targets one below the other, however many there are. */
export function TargetList({ targets, label, planned, waves }: Props) {
  const scroller = useRef<HTMLUListElement>(null);
  // It is not memoized, and does not have to be.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: targets.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 36,
    overscan: 10,
    enabled: targets.length > few,
    getItemKey: (i) => targets[i]?.ref ?? i,
  });
  if (targets.length <= few)
    return (
      <ul aria-label={label} className="max-h-96 divide-y divide-line overflow-y-auto">
        {targets.map((t) => (
          <li key={t.ref}>
            <TargetRow target={t} planned={planned} waves={waves} />
          </li>
        ))}
      </ul>
    );
  return (
    // It takes the focus, so that it can be scrolled by keyboard.
    <ul ref={scroller} aria-label={label} tabIndex={0} className="max-h-[60dvh] overflow-y-auto">
      <Pad height={virtual.getVirtualItems()[0]?.start ?? 0} />
      {virtual.getVirtualItems().map((item) => {
        const t = targets[item.index];
        return t ? (
          <li
            key={item.key}
            ref={virtual.measureElement}
            data-index={item.index}
            aria-setsize={targets.length}
            aria-posinset={item.index + 1}
            className="border-b border-line"
          >
            <TargetRow target={t} planned={planned} waves={waves} />
          </li>
        ) : null;
      })}
      <Pad height={virtual.getTotalSize() - (virtual.getVirtualItems().at(-1)?.end ?? 0)} />
    </ul>
  );
}

/** What is above or below those in sight. */
function Pad({ height }: { height: number }) {
  return height > 0 ? <li aria-hidden style={{ height }} /> : null;
}

function TargetRow({ target: t, planned, waves }: { target: Target; planned: boolean; waves: boolean }) {
  const ref = parseRef(t.ref);
  const { icon: Icon, color, word } = targetStates[t.state];
  const rollout = t.desired !== null && !planned && t.state !== "SKIPPED" && t.state !== "QUEUED";
  const bad = t.state === "BLOCKED" || t.state === "FAILED";
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-0.5 px-3 py-1.5 text-sm">
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
              className="font-medium break-all text-accent hover:underline"
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
      {waves && t.wave > 0 && <span className="text-xs text-muted tabular-nums">wave {t.wave}</span>}
      {t.message && (
        <span className={`basis-full pl-35 break-words ${bad ? "text-bad" : "text-muted"}`}>{t.message}</span>
      )}
      {t.warnings.map((w) => (
        <span key={w} className="inline-flex basis-full items-start gap-1.5 pl-35 break-words text-warn">
          <TriangleAlert className="mt-0.5 size-3.5 shrink-0" aria-hidden />
          {w}
        </span>
      ))}
    </div>
  );
}
