import { useNavigate, useRouter } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Row } from "../../api/search";
import { useKeys } from "../../components/keys";
import { directive, withDirective } from "../../lib/filters";
import { paramsOf, parseRef } from "../../lib/ref";
import { columnsOf, layoutOf, rowHeight, viewOf, type Column, type Layout } from "./columns";
import type { Mark } from "./useLiveResults";
import type { Selection } from "./useSelection";

interface Props {
  query: string;
  /** The moment that the list is of; undefined for now. */
  at: string | undefined;
  rows: Row[];
  total: number;
  selection: Selection;
  marks: ReadonlyMap<string, Mark>;
  onQuery: (query: string) => void;
  hasMore: boolean;
  onMore: () => void;
}

/** The results as an ARIA grid of which only the visible rows exist. One row takes the focus; keys move it. */
export function ResultGrid({ query, at, rows, total, selection, marks, onQuery, hasMore, onMore }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [layout, setLayout] = useState<Layout>("wide");
  const [active, setActive] = useState(0);
  /** The first j comes to the first row, the next to the second. */
  const entered = useRef(false);
  const open = useOpen(at);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setLayout(layoutOf(element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const height = rowHeight[layout];
  // It is not memoized, and does not have to be.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    getItemKey: (i) => rows[i]?.ref ?? i,
  });
  useEffect(() => virtual.measure(), [virtual, height]);

  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - 20) onMore();
  }, [hasMore, last, rows.length, onMore]);

  const current = Math.min(active, rows.length - 1);
  const move = (to: number): void => {
    const index = Math.max(0, Math.min(to, rows.length - 1));
    entered.current = true;
    setActive(index);
    virtual.scrollToIndex(index);
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus());
  };
  const row = rows[current];
  useKeys({
    j: () => move(entered.current ? current + 1 : current),
    k: () => move(current - 1),
    x: () => {
      if (!row) return;
      selection.toggle(row);
      move(current);
    },
    "Shift+x": () => row && selection.extendTo(row),
    o: () => row && open(row, true),
    Enter: (event) => {
      if (row && (event.target === document.body || focused(scroller.current))) open(row, false);
    },
  });

  const gone = directive(query, "deleted");
  const shown = columnsOf(layout, gone !== "" && gone !== "false");
  const template = `2.25rem ${shown.map((c) => c.width).join(" ")}`;
  const selectedHere = rows.filter((r) => selection.has(r.ref)).length;
  return (
    <div
      ref={scroller}
      role="grid"
      tabIndex={-1}
      aria-label="Search results"
      aria-rowcount={total + 1}
      aria-multiselectable
      className="min-h-0 grow overflow-auto outline-none"
      onKeyDown={(event) => {
        const steps: Record<string, number> = {
          ArrowDown: 1,
          ArrowUp: -1,
          PageDown: 15,
          PageUp: -15,
          Home: -rows.length,
          End: rows.length,
        };
        const step = steps[event.key];
        if (step === undefined || event.altKey || event.metaKey) return;
        event.preventDefault();
        move(current + step);
      }}
    >
      <div role="rowgroup" className="sticky top-0 z-10 border-b border-line bg-raised">
        <div role="row" aria-rowindex={1} className="grid items-center" style={{ gridTemplateColumns: template }}>
          <div role="columnheader" className="grid h-8 place-items-center">
            <input
              type="checkbox"
              aria-label="Select every loaded row"
              className="size-4 accent-(--accent)"
              checked={selectedHere > 0 && selectedHere === rows.length}
              ref={(box) => {
                if (box) box.indeterminate = selectedHere > 0 && selectedHere < rows.length;
              }}
              onChange={() => (selectedHere === rows.length ? selection.clear() : selection.all(rows))}
            />
          </div>
          {shown.map((c) => (
            <Header key={c.id} column={c} query={query} onQuery={onQuery} />
          ))}
        </div>
      </div>
      <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const r = rows[item.index];
          if (!r) return null;
          return (
            <ResultRow
              key={item.key}
              row={r}
              at={at}
              index={item.index}
              top={item.start}
              height={height}
              template={template}
              shown={shown}
              active={item.index === current}
              selected={selection.has(r.ref)}
              mark={marks.get(r.ref)}
              onFocus={() => {
                entered.current = true;
                setActive(item.index);
              }}
              onOpen={(tab) => open(r, tab)}
              onSelect={(extend) => (extend ? selection.extendTo(r) : selection.toggle(r))}
            />
          );
        })}
      </div>
    </div>
  );
}

function focused(grid: HTMLElement | null): boolean {
  return grid?.contains(document.activeElement) ?? false;
}

function useOpen(at: string | undefined): (row: Row, inTab: boolean) => void {
  const navigate = useNavigate();
  const router = useRouter();
  return (row, inTab) => {
    const ref = parseRef(row.ref);
    if (!ref) return;
    const target = {
      to: "/r/$cluster/$group/$resource/$namespace/$name",
      params: paramsOf(ref),
      search: viewOf(row, at),
    } as const;
    if (inTab) window.open(router.buildLocation(target).href, "_blank", "noopener");
    else void navigate(target);
  };
}

function Header({ column, query, onQuery }: { column: Column; query: string; onQuery: (q: string) => void }) {
  const sorted = directive(query, "sort");
  const { sort } = column;
  const direction =
    sort === undefined
      ? undefined
      : sorted === `${sort}-asc` || sorted === sort
        ? "asc"
        : sorted === `${sort}-desc`
          ? "desc"
          : undefined;
  return (
    <div
      role="columnheader"
      aria-sort={direction === "asc" ? "ascending" : direction === "desc" ? "descending" : undefined}
      className="min-w-0 px-2"
    >
      {sort === undefined ? (
        <span className="text-xs font-semibold text-muted">{column.title}</span>
      ) : (
        <button
          type="button"
          className="inline-flex min-h-6 items-center gap-1 text-xs font-semibold text-muted hover:text-ink"
          title={`Sort by ${column.title.toLowerCase()}`}
          onClick={() =>
            onQuery(
              withDirective(
                query,
                "sort",
                direction === undefined ? `${sort}-asc` : direction === "asc" ? `${sort}-desc` : "",
              ),
            )
          }
        >
          {column.title}
          {direction === "asc" && <ArrowUp className="size-3" aria-hidden />}
          {direction === "desc" && <ArrowDown className="size-3" aria-hidden />}
        </button>
      )}
    </div>
  );
}

interface RowProps {
  row: Row;
  at: string | undefined;
  index: number;
  top: number;
  height: number;
  template: string;
  shown: Column[];
  active: boolean;
  selected: boolean;
  mark: Mark | undefined;
  onFocus: () => void;
  onOpen: (tab: boolean) => void;
  onSelect: (extend: boolean) => void;
}

function ResultRow({
  row,
  at,
  index,
  top,
  height,
  template,
  shown,
  active,
  selected,
  mark,
  onFocus,
  onOpen,
  onSelect,
}: RowProps) {
  const leaving = mark?.type === "gone";
  return (
    // The grid's own keys and the link inside do what a click does.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      role="row"
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={selected}
      tabIndex={active ? 0 : -1}
      onFocus={onFocus}
      onClick={(event) => {
        if (event.target instanceof Element && event.target.closest("a, input, label")) return;
        if (event.shiftKey) onSelect(true);
        else onOpen(event.ctrlKey || event.metaKey);
      }}
      className={`absolute inset-x-0 grid cursor-pointer items-center border-b border-line/60 text-sm outline-offset-[-2px] hover:bg-hover ${selected ? "bg-accent-soft" : ""} ${leaving ? "text-muted line-through opacity-60" : row.deletedAt === null ? "" : "text-muted"}`}
      style={{ top, height, gridTemplateColumns: template }}
    >
      {mark?.type === "changed" && (
        <span key={mark.at} aria-hidden className="flash pointer-events-none absolute inset-0" />
      )}
      <div role="gridcell" className="h-full">
        {/* The whole cell is the target. */}
        <label className="grid h-full cursor-pointer place-items-center">
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label={`Select ${row.kind} ${row.name} in ${row.cluster}`}
            className="size-4 accent-(--accent)"
            checked={selected}
            onClick={(event) => {
              if (!event.shiftKey) return;
              event.preventDefault();
              onSelect(true);
            }}
            onChange={() => onSelect(false)}
          />
        </label>
      </div>
      {shown.map((c) => (
        <div key={c.id} role="gridcell" className="flex min-w-0 items-center px-2">
          {c.cell(row, at)}
        </div>
      ))}
    </div>
  );
}
