import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronDown, ChevronRight } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { AuditRow } from "../../api/audit";
import { Time } from "../../components/Time";
import { written } from "../../lib/filters";
import { paramsOf, parseRef } from "../../lib/ref";

interface Props {
  rows: readonly AuditRow[];
  hasMore: boolean;
  onMore: () => void;
  onNarrow: (term: string) => void;
}

/** The rows in sight, each with all that it holds behind a click. */
export function AuditTable({ rows, hasMore, onMore, onNarrow }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  // It is not memoized, and does not have to be.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 44,
    overscan: 12,
    getItemKey: (i) => rows[i]?.seq ?? i,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - 20) onMore();
  }, [hasMore, last, rows.length, onMore]);
  const toggle = (seq: string): void =>
    setOpen((was) => {
      const next = new Set(was);
      if (!next.delete(seq)) next.add(seq);
      return next;
    });
  return (
    // It takes the focus, so that it can be scrolled by keyboard.
    <div
      ref={scroller}
      role="region"
      aria-label="Rows of the audit"
      tabIndex={0}
      className="min-h-0 grow overflow-y-auto border-t border-line bg-surface"
    >
      <ol className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          return row ? (
            <li
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              className="absolute inset-x-0 border-b border-line/60"
              style={{ top: item.start }}
            >
              <Row row={row} open={open.has(row.seq)} onToggle={() => toggle(row.seq)} onNarrow={onNarrow} />
            </li>
          ) : null;
        })}
      </ol>
    </div>
  );
}

interface RowProps {
  row: AuditRow;
  open: boolean;
  onToggle: () => void;
  onNarrow: (term: string) => void;
}

const bad = new Set(["failed", "refused", "denied", "error"]);

function Row({ row: r, open, onToggle, onNarrow }: RowProps) {
  const ref = r.ref === null ? undefined : parseRef(r.ref);
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-0.5 px-2 py-1.5 text-sm hover:bg-hover">
        <button
          type="button"
          aria-expanded={open}
          aria-label={`Row ${r.seq}`}
          className="inline-flex min-h-7 w-20 shrink-0 items-center gap-1 text-xs text-muted tabular-nums"
          onClick={onToggle}
        >
          <Chevron className="size-3.5" aria-hidden />
          {r.seq}
        </button>
        <span className="w-36 shrink-0 text-xs text-muted">
          <Time at={r.at} as="clock" />
        </span>
        <Term field="actor" value={r.actor} onNarrow={onNarrow} className="w-28 font-medium" />
        <span className="w-40 shrink-0">
          <Term field="verb" value={r.verb} onNarrow={onNarrow} />{" "}
          <Term field="phase" value={r.phase} onNarrow={onNarrow} className="text-muted" />
        </span>
        <span className="min-w-0 grow basis-56 break-all">
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
            <span className="text-muted">{[r.name, r.cluster].filter(Boolean).join(" on ")}</span>
          )}
        </span>
        {r.result !== "" && (
          <Term
            field="result"
            value={r.result}
            onNarrow={onNarrow}
            className={bad.has(r.result.toLowerCase()) ? "text-bad" : "text-good"}
          />
        )}
      </div>
      {open && <Detail row={r} />}
    </>
  );
}

/** A value that narrows the audit to those that have it. */
function Term({
  field,
  value,
  className = "",
  onNarrow,
}: {
  field: string;
  value: string;
  className?: string;
  onNarrow: (term: string) => void;
}) {
  if (value === "") return null;
  return (
    <button
      type="button"
      title={`Only ${field} ${value}`}
      className={`min-h-6 shrink-0 truncate text-left hover:underline ${className}`}
      onClick={() => onNarrow(`${field}:${written(value)}`)}
    >
      {value}
    </button>
  );
}

function Detail({ row: r }: { row: AuditRow }) {
  const facts: [string, string][] = [
    ["Reason", r.reason],
    ["From", r.source],
    ["UID", r.uid],
    ["Hash", r.hash],
    ["Hash before", r.prevHash],
  ];
  return (
    <div className="flex flex-col gap-2 border-t border-line/60 bg-raised px-4 py-2 text-sm sm:pl-24">
      <dl className="grid grid-cols-[7rem_minmax(0,1fr)] gap-x-3 gap-y-1">
        {facts
          .filter(([, value]) => value !== "")
          .map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-muted">{name}</dt>
              <dd className={`min-w-0 break-all ${name === "Reason" ? "" : "font-mono text-xs leading-5"}`}>{value}</dd>
            </div>
          ))}
        {r.action !== null && (
          <div className="contents">
            <dt className="text-muted">Action</dt>
            <dd>
              <Link to="/actions/$id" params={{ id: r.action }} className="font-mono text-xs text-accent underline">
                {r.action}
              </Link>
            </dd>
          </div>
        )}
      </dl>
      <pre
        tabIndex={0}
        aria-label={`Detail of row ${r.seq}`}
        className="max-h-80 overflow-auto rounded-md border border-line bg-surface p-2 font-mono text-xs whitespace-pre-wrap"
      >
        {JSON.stringify(r.detail, null, 2)}
      </pre>
    </div>
  );
}
