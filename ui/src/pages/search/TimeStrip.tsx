import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, Clock, RotateCcw } from "lucide-react";
import { useEffect, useState, type CSSProperties } from "react";
import { density } from "../../api/search";
import { useNow } from "../../components/clock";
import { useKeys } from "../../components/keys";
import { count, many } from "../../lib/count";
import { directive, withDirective, without } from "../../lib/filters";
import { ago, exact, moment, parseTime } from "../../lib/time";
import {
  changeAfter,
  changeBefore,
  partOf,
  parts,
  spanFor,
  spans,
  startOf,
  windowOf,
  written,
  type Window,
} from "../../lib/timeline";

interface Props {
  query: string;
  span: string | undefined;
  onSpan: (span: string) => void;
  onQuery: (query: string, replace?: boolean) => void;
}

/** From now back over what the hub remembers: how much changed when, and the moment that the query is asked at. */
export function TimeStrip({ query, span: chosen, onSpan, onQuery }: Props) {
  const now = useNow();
  const at = directive(query, "at");
  const asked = at === "" ? undefined : parseTime(at, now)?.getTime();
  const span = spanFor(chosen, asked, now);
  const w = windowOf(span, now);
  const over = without(query, ["at", "sort", "limit", "group", "deleted"]);
  const { data, error } = useQuery(density(over, written(w.from), written(w.to), parts));
  const counts = data?.counts ?? [];
  const oldest = data?.oldest ? Date.parse(data.oldest) : undefined;
  const [drag, setDrag] = useState<number | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);

  const go = (to: number | undefined): void => {
    if (to === undefined) return;
    const past = to < Math.min(w.to, now) - 999;
    onQuery(withDirective(query, "at", past ? written(to) : ""), at !== "");
  };
  // Where the thumb is let go, or stands for a moment, is the moment that is asked at.
  useEffect(() => {
    if (drag === null) return undefined;
    const timer = setTimeout(() => {
      setDrag(null);
      go(startOf(w, drag));
    }, 250);
    return () => clearTimeout(timer);
  });

  const stands = asked ?? (at === "" ? w.to : undefined);
  const thumb = drag ?? (stands === undefined ? parts : Math.round(((stands - w.from) / (w.to - w.from)) * parts));
  const before = changeBefore(w, counts, asked ?? now);
  const after = asked === undefined ? undefined : (changeAfter(w, counts, asked) ?? w.to);
  useKeys({ "[": () => go(before), "]": () => go(after) });

  const shown = drag ?? pointed;
  const label =
    shown !== null
      ? `${moment(new Date(startOf(w, shown)).toISOString(), now)}${drag === null ? ` · ${many(counts[shown] ?? 0, "change")}` : ""}`
      : asked !== undefined
        ? `${moment(new Date(asked).toISOString(), now)} · ${ago(new Date(asked).toISOString(), now)}`
        : at !== ""
          ? at
          : "";
  const total = counts.reduce((sum, n) => sum + n, 0);
  return (
    <section
      aria-label="Time"
      className={`flex shrink-0 items-center gap-2 border-b px-3 py-1 text-sm ${at === "" ? "border-line bg-surface" : "border-accent/50 bg-accent-soft"}`}
    >
      {at === "" ? (
        <span className="inline-flex w-14 items-center gap-1.5 text-xs font-semibold text-muted">
          <Clock className="size-3.5" aria-hidden />
          Now
        </span>
      ) : (
        <button
          type="button"
          className="inline-flex min-h-7 items-center gap-1 rounded-md bg-accent px-2 text-xs font-semibold whitespace-nowrap text-on-accent"
          onClick={() => onQuery(withDirective(query, "at", ""))}
        >
          <RotateCcw className="size-3.5" aria-hidden />
          Back to now
        </button>
      )}
      <Step label="To before the last changes ([)" icon="before" to={before} onGo={go} />
      <div className="relative h-8 min-w-24 grow">
        <Bars w={w} counts={counts} oldest={oldest} />
        {/* The slider itself takes the focus and the keys; this only tells what the mouse is over. */}
        <input
          type="range"
          min={0}
          max={parts}
          step={1}
          value={Math.max(0, Math.min(parts, thumb))}
          aria-label="Moment of the search"
          aria-valuetext={thumb >= parts ? "now" : moment(new Date(startOf(w, thumb)).toISOString(), now)}
          className="time-range absolute inset-0 w-full"
          style={{ "--stands": stands === undefined ? "hidden" : "visible" } as CSSProperties}
          onChange={(e) => setDrag(Number(e.target.value))}
          onMouseMove={(e) => {
            const box = e.currentTarget.getBoundingClientRect();
            setPointed(partOf(w, w.from + ((e.clientX - box.left) / box.width) * (w.to - w.from)));
          }}
          onMouseLeave={() => setPointed(null)}
        />
      </div>
      <Step label="To after the next changes (])" icon="after" to={after} onGo={go} />
      <span
        className="hidden w-44 shrink-0 truncate text-right text-xs tabular-nums sm:block"
        title={asked === undefined ? undefined : exact(new Date(asked).toISOString())}
      >
        {label !== "" ? (
          label
        ) : error ? (
          <span className="text-muted">changes could not be counted</span>
        ) : (
          <span className="text-muted">{data ? `${count(total)} ${total === 1 ? "change" : "changes"} in` : ""}</span>
        )}
      </span>
      <select
        aria-label="How far back"
        value={span}
        className="h-7 rounded-md border border-edge/60 bg-surface px-1 text-xs"
        onChange={(e) => onSpan(e.target.value)}
      >
        {spans.map((s) => (
          <option key={s.id} value={s.id} disabled={asked !== undefined && now - asked >= s.ms}>
            {s.word}
          </option>
        ))}
      </select>
    </section>
  );
}

function Step({
  label,
  icon,
  to,
  onGo,
}: {
  label: string;
  icon: "before" | "after";
  to: number | undefined;
  onGo: (to: number | undefined) => void;
}) {
  const Icon = icon === "before" ? ChevronLeft : ChevronRight;
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      disabled={to === undefined}
      className="grid size-6 shrink-0 place-items-center rounded text-muted hover:bg-hover hover:text-ink disabled:opacity-35"
      onClick={() => onGo(to)}
    >
      <Icon className="size-4" aria-hidden />
    </button>
  );
}

/** How much changed in each part. Few and many are both to be seen, so heights are by the root. */
function Bars({ w, counts, oldest }: { w: Window; counts: readonly number[]; oldest: number | undefined }) {
  const most = Math.sqrt(Math.max(1, ...counts));
  const unknown = oldest === undefined ? 0 : Math.max(0, Math.min(1, (oldest - w.from) / (w.to - w.from)));
  return (
    <div aria-hidden className="absolute inset-0 overflow-hidden rounded border border-line bg-raised">
      {unknown > 0 && (
        <div
          className="absolute inset-y-0 left-0 border-r border-edge/60"
          style={{
            width: `${unknown * 100}%`,
            background: "repeating-linear-gradient(135deg, transparent 0 4px, var(--line) 4px 5px)",
          }}
        />
      )}
      <svg viewBox={`0 0 ${w.parts} 30`} preserveAspectRatio="none" className="absolute inset-0 size-full">
        {counts.map((n, i) => {
          if (n === 0) return null;
          const height = Math.max(3, (Math.sqrt(n) / most) * 26);
          return <rect key={i} x={i + 0.1} y={30 - height} width={0.8} height={height} className="fill-busy/70" />;
        })}
      </svg>
    </div>
  );
}
