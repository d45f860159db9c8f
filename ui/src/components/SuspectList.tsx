import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { suspects, type Suspect } from "../api/compare";
import { place } from "../lib/ref";
import { ChangedObject } from "./ChangedObject";
import { ErrorPanel, Skeleton } from "./Panels";
import { Time } from "./Time";

interface Props {
  /** What is broken. */
  query: string;
  before: string;
  /** Seconds. */
  window: number;
  first?: number;
  /** Said when there is none. */
  none: string;
}

/** What may have broken it: changes by suspicion, each with why. */
export function SuspectList({ query, before, window, first = 20, none }: Props) {
  const { data, error, refetch } = useQuery(suspects(query, before, window, first));
  if (error && !data) return <ErrorPanel error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton rows={4} label="Weighing what changed" />;
  if (data.length === 0) return <p className="p-3 text-sm text-muted">{none}</p>;
  return (
    <ol aria-label="Suspects" className="divide-y divide-line/60">
      {data.map((s) => (
        <Row key={`${s.change.version.ref} ${s.change.version.id}`} suspect={s} />
      ))}
    </ol>
  );
}

function Row({ suspect: s }: { suspect: Suspect }) {
  const id = useId();
  const { change: c } = s;
  const score = Math.round(s.score * 100);
  return (
    <li aria-labelledby={id} className="grid grid-cols-[3rem_minmax(0,1fr)] gap-x-3 px-3 py-2 text-sm">
      <span className="flex flex-col gap-1" title={`Suspicion ${score} of 100`}>
        <span className="text-right font-semibold tabular-nums">{score}</span>
        <span aria-hidden className="h-1 overflow-hidden rounded bg-line">
          <span className="block h-full bg-warn" style={{ width: `${score}%` }} />
        </span>
        <span className="visually-hidden">of 100</span>
      </span>
      <div className="min-w-0">
        <p id={id} className="flex flex-wrap items-baseline gap-x-2">
          <ChangedObject change={c} />
          <span className="text-xs text-muted">{place(c)}</span>
          <span className="ml-auto text-xs text-muted">
            <Time at={c.version.observedAt} as="clock" />
            {c.version.changedBy && ` by ${c.version.changedBy}`}
          </span>
        </p>
        <p className="break-words">{c.summary}</p>
        <ul aria-label="Why" className="mt-1 flex flex-wrap gap-1">
          {s.reasons.map((r) => (
            <li
              key={r.text}
              className={`inline-flex items-center gap-1.5 rounded border px-1.5 py-0.5 text-xs ${r.weight < 0 ? "border-line text-muted" : "border-warn/40 bg-warn-soft"}`}
            >
              <span>{r.text}</span>
              <span className="tabular-nums">
                {r.weight < 0 ? "−" : "+"}
                {Math.round(Math.abs(r.weight) * 100)}
              </span>
            </li>
          ))}
        </ul>
      </div>
    </li>
  );
}
