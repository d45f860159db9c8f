import { Maximize, Minus, Plus, type LucideIcon } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import type { Relations } from "../../api/resource";
import { Health } from "../../components/Health";
import { box, fit, next, pathOf, relations, reveal, zoom, type Direction, type View } from "../../lib/graph";
import { shortImage } from "../../lib/image";
import { place } from "../../lib/ref";
import { RelationLink } from "./RelationLink";

type Node = Relations["nodes"][number];

const arrows: Record<string, Direction> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};

/**
 * The picture that the hub laid out. It is moved by dragging and zoomed by the wheel; arrow keys go from box to box,
 * plus, minus and 0 zoom, Enter opens. The list beside it says the same in words.
 */
export function RelationGraph({ graph, self }: { graph: Relations; self: string }) {
  const frame = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [moved, setMoved] = useState<{ of: Relations; view: View } | null>(null);
  const [at, setAt] = useState(self);
  const [pointed, setPointed] = useState<string | null>(null);
  const drag = useRef<{ x: number; y: number; view: View; far: boolean } | null>(null);

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const byRef = useMemo(() => new Map(graph.nodes.map((n) => [n.ref, n])), [graph]);
  const whole = fit(graph, size, byRef.get(self));
  // Another graph begins with all of it in sight.
  const view = moved?.of === graph ? moved.view : whole;
  const look = useCallback((v: View) => setMoved({ of: graph, view: v }), [graph]);
  const current = byRef.get(at) ?? byRef.get(self) ?? graph.nodes[0];

  // React's own wheel listener is passive and could not keep the page from scrolling.
  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const bounds = element.getBoundingClientRect();
      const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015));
      look(zoom(view, factor, { x: event.clientX - bounds.left, y: event.clientY - bounds.top }));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  });

  const centre = { x: size.width / 2, y: size.height / 2 };
  const focus = (n: Node): void => {
    setAt(n.ref);
    look(reveal(view, n, size));
    frame.current?.querySelector<HTMLElement>(`[data-ref="${CSS.escape(n.ref)}"]`)?.focus({ preventScroll: true });
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = arrows[event.key];
    if (direction && current) {
      event.preventDefault();
      const to = next(graph.nodes, current, direction);
      if (to) focus(to);
    } else if (event.key === "+" || event.key === "=") look(zoom(view, 1.25, centre));
    else if (event.key === "-") look(zoom(view, 0.8, centre));
    else if (event.key === "0") look(whole);
    else return;
    event.stopPropagation();
  };

  const lit = pointed ?? null;
  return (
    <div className="relative h-full overflow-hidden bg-page">
      {/* Keys and dragging move what is looked at; the links inside are what is acted on. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        ref={frame}
        role="group"
        aria-label="Graph of relations"
        className="absolute inset-0 cursor-grab touch-none active:cursor-grabbing"
        onKeyDown={onKey}
        onPointerDown={(e) => {
          if (e.button === 0) drag.current = { x: e.clientX, y: e.clientY, view, far: false };
        }}
        onPointerMove={(e) => {
          const d = drag.current;
          if (!d) return;
          const [dx, dy] = [e.clientX - d.x, e.clientY - d.y];
          if (!d.far && Math.hypot(dx, dy) < 4) return;
          if (!d.far) e.currentTarget.setPointerCapture(e.pointerId);
          d.far = true;
          look({ ...d.view, x: d.view.x + dx, y: d.view.y + dy });
        }}
        onPointerUp={() => {
          // The click that ends a drag opens nothing: it comes before this timer.
          const d = drag.current;
          if (d?.far) setTimeout(() => (drag.current = null));
          else drag.current = null;
        }}
        onPointerCancel={() => (drag.current = null)}
        onClickCapture={(e) => {
          if (drag.current?.far) {
            e.preventDefault();
            e.stopPropagation();
          }
        }}
      >
        <div
          className="absolute top-0 left-0 origin-top-left"
          style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }}
        >
          <Edges graph={graph} byRef={byRef} lit={lit} />
          {graph.nodes.map((n) => (
            <Box
              key={n.ref}
              node={n}
              self={n.ref === self}
              active={n.ref === current?.ref}
              onFocus={() => setAt(n.ref)}
              onPoint={setPointed}
            />
          ))}
        </div>
      </div>
      <div
        role="group"
        aria-label="Zoom"
        className="absolute right-3 bottom-3 flex overflow-hidden rounded-md border border-edge/60 bg-surface shadow"
      >
        <Tool icon={Minus} label="Smaller (-)" onPress={() => look(zoom(view, 0.8, centre))} />
        <Tool icon={Maximize} label="All of it (0)" onPress={() => look(whole)} />
        <Tool icon={Plus} label="Larger (+)" onPress={() => look(zoom(view, 1.25, centre))} />
      </div>
    </div>
  );
}

function Tool({ icon: Icon, label, onPress }: { icon: LucideIcon; label: string; onPress: () => void }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className="grid size-8 place-items-center text-muted hover:bg-hover hover:text-ink"
      onClick={onPress}
    >
      <Icon className="size-4" aria-hidden />
    </button>
  );
}

/** Lines of all relations; those of the box under the mouse or with the focus stand out. */
function Edges({ graph, byRef, lit }: { graph: Relations; byRef: ReadonlyMap<string, Node>; lit: string | null }) {
  return (
    <svg
      aria-hidden
      width={graph.width}
      height={graph.height}
      className="pointer-events-none absolute top-0 left-0 overflow-visible"
    >
      <defs>
        <marker
          id="arrow"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerUnits="userSpaceOnUse"
          markerWidth="10"
          markerHeight="10"
          orient="auto"
        >
          <path d="M0 0L8 4L0 8z" fill="context-stroke" />
        </marker>
      </defs>
      {graph.edges.map((e) => {
        const from = byRef.get(e.from);
        const to = byRef.get(e.to);
        if (!from || !to) return null;
        const relation = relations.find((r) => r.type === e.type);
        const bright = lit === e.from || lit === e.to;
        return (
          <path
            key={`${e.from} ${e.type} ${e.to}`}
            d={pathOf(from, to, e.bends)}
            fill="none"
            strokeWidth={bright ? 2.5 : 1.25}
            strokeDasharray={relation?.dash}
            markerEnd="url(#arrow)"
            className={bright ? "stroke-accent" : lit === null ? "stroke-edge" : "stroke-edge/35"}
          />
        );
      })}
    </svg>
  );
}

interface BoxProps {
  node: Node;
  self: boolean;
  active: boolean;
  onFocus: () => void;
  onPoint: (ref: string | null) => void;
}

function Box({ node: n, self, active, onFocus, onPoint }: BoxProps) {
  const trouble = n.health === "FAILED" ? "border-bad" : n.health === "DEGRADED" ? "border-warn" : "border-edge/70";
  return (
    <RelationLink
      objectRef={n.ref}
      data-ref={n.ref}
      tabIndex={active ? 0 : -1}
      title={`${n.kind} ${n.name}\n${place(n)}`}
      className={`absolute flex flex-col justify-center rounded-lg border px-2.5 text-sm leading-tight shadow-sm select-none hover:border-accent focus-visible:z-10 ${trouble} ${self ? "bg-accent-soft ring-2 ring-accent" : "bg-surface"}`}
      style={{ left: n.x, top: n.y, width: box.width, height: box.height }}
      onFocus={() => {
        onFocus();
        onPoint(n.ref);
      }}
      onMouseEnter={() => onPoint(n.ref)}
      onMouseLeave={() => onPoint(null)}
    >
      <span className="flex items-center gap-1.5 text-xs text-muted">
        <span className="truncate">{n.kind}</span>
        {n.hidden > 0 && <span className="shrink-0 rounded bg-raised px-1 font-medium text-ink">+{n.hidden}</span>}
        {n.health !== "UNKNOWN" && (
          <span className="ml-auto flex max-w-[62%] min-w-0 shrink-0 text-xs">
            <Health health={n.health} status={n.status} />
          </span>
        )}
      </span>
      <span className="truncate font-medium">{n.kind === "Image" ? shortImage(n.name) : n.name}</span>
      <span className="visually-hidden">
        , {place(n)}
        {n.hidden > 0 ? `, ${n.hidden} neighbours not shown` : ""}
      </span>
    </RelationLink>
  );
}
