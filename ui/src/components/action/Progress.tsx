import type { ReactNode } from "react";
import type { Action } from "../../api/actions";
import { count } from "../../lib/count";
import { useNow } from "../clock";
import { Time } from "../Time";

/** How far a run is, in all and in waves. */
export function Progress({ action: a }: { action: Action }) {
  const total = Math.max(1, a.total);
  return (
    <div className="flex flex-col gap-1">
      <Bar label="Targets done" value={a.done + a.failed} total={a.total}>
        <span className="bg-good transition-[width]" style={{ width: `${(a.done / total) * 100}%` }} />
        <span className="bg-bad transition-[width]" style={{ width: `${(a.failed / total) * 100}%` }} />
      </Bar>
      <p aria-live="polite" className="text-sm">
        {count(a.done)} of {count(a.total)} done{a.failed > 0 ? `, ${count(a.failed)} failed` : ""}
        {a.finishedAt ? (
          <>
            , finished <Time at={a.finishedAt} />
          </>
        ) : a.startedAt ? (
          <>
            , started <Time at={a.startedAt} />
          </>
        ) : null}
      </p>
      {a.state === "RUNNING" && a.waves.count > 1 && <Wave action={a} />}
    </div>
  );
}

function Wave({ action: a }: { action: Action }) {
  const now = useNow();
  const left = a.nextWaveAt ? Math.max(0, Math.ceil((Date.parse(a.nextWaveAt) - now) / 1000)) : 0;
  const mine = a.targets.filter((t) => t.wave === a.wave);
  const over = mine.filter((t) => t.state === "DONE" || t.state === "FAILED").length;
  return (
    <p className="text-sm text-muted tabular-nums">
      Wave {a.wave} of {a.waves.count}
      {a.nextWaveAt
        ? left > 0
          ? ` is done; the next begins in ${left} s`
          : " is done; the next begins"
        : `: ${over} of ${mine.length} done`}
    </p>
  );
}

/** How far the dry run is. */
export function DryRunProgress({ action: a, pending }: { action: Action; pending: number }) {
  const seen = a.targets.length - pending;
  return (
    <div className="flex flex-col gap-1">
      <Bar label="Targets dry-run" value={seen} total={a.targets.length}>
        <span
          className="bg-busy transition-[width]"
          style={{ width: `${(seen / Math.max(1, a.targets.length)) * 100}%` }}
        />
      </Bar>
      <p aria-live="polite" className="text-sm">
        {count(seen)} of {count(a.targets.length)} dry-run on their clusters; nothing is written
      </p>
    </div>
  );
}

function Bar({ label, value, total, children }: { label: string; value: number; total: number; children: ReactNode }) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={value}
      className="flex h-2 overflow-hidden rounded-full bg-line"
    >
      {children}
    </div>
  );
}
