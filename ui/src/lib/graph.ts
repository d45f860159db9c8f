/** A graph that the hub laid out: boxes of one size in layers from left to right. */
export const box = { width: 220, height: 48 };

export interface Placed {
  ref: string;
  x: number;
  y: number;
}

export interface Edge {
  from: string;
  to: string;
  type: string;
}

/** Kinds of relations, in the order in which they are offered: how an edge is said from both of its ends. */
export const relations: readonly { type: string; word: string; out: string; in: string; dash: string }[] = [
  { type: "owns", word: "Owns", out: "Owns", in: "Owned by", dash: "" },
  { type: "uses", word: "Uses", out: "Uses", in: "Used by", dash: "7 4" },
  { type: "selects", word: "Selects", out: "Selects", in: "Selected by", dash: "2 3" },
  { type: "routes", word: "Routes", out: "Routes to", in: "Gets traffic from", dash: "10 3 2 3" },
  { type: "binds", word: "Binds", out: "Binds", in: "Bound by", dash: "4 2" },
  { type: "node", word: "Node", out: "Runs on", in: "Runs", dash: "1 4" },
  { type: "image", word: "Image", out: "Runs the image", in: "Run by", dash: "12 4" },
];

/** A place that a line passes, as the hub laid it out: two a column, so that it keeps clear of the boxes in it. */
export interface Bend {
  x: number;
  y: number;
}

/**
 * The line from one box to another: out of its right side, by way of its bends, into the left one; around when it leads
 * back.
 */
export function pathOf(from: Placed, to: Placed, bends: readonly Bend[] = []): string {
  const y1 = from.y + box.height / 2;
  const y2 = to.y + box.height / 2;
  const x1 = from.x + box.width;
  if (from.ref === to.ref) return `M${x1} ${y1} C${x1 + 40} ${y1 - 44} ${from.x - 40} ${y1 - 44} ${from.x} ${y1}`;
  if (to.x >= x1) {
    let at = { x: x1, y: y1 };
    let path = `M${x1} ${y1}`;
    for (const b of [...bends, { x: to.x, y: y2 }]) {
      const bend = at.y === b.y && at.x !== x1 ? 0 : Math.max(30, (b.x - at.x) / 2);
      path += bend === 0 ? ` H${b.x}` : ` C${at.x + bend} ${at.y} ${b.x - bend} ${b.y} ${b.x} ${b.y}`;
      at = b;
    }
    return path;
  }
  // It closes a circle, or stays in its layer: around the outside.
  const reach = 50 + Math.abs(y2 - y1) / 6;
  return `M${x1} ${y1} C${x1 + reach} ${y1} ${to.x + box.width + reach} ${y2} ${to.x + box.width} ${y2}`;
}

export type Direction = "left" | "right" | "up" | "down";

/** The box that an arrow key leads to from one: the nearest in that direction, what is straight ahead before the rest. */
export function next<T extends Placed>(nodes: readonly T[], from: T, direction: Direction): T | undefined {
  const sign = direction === "left" || direction === "up" ? -1 : 1;
  const across = direction === "left" || direction === "right";
  let best: T | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const n of nodes) {
    const ahead = sign * (across ? n.x - from.x : n.y - from.y);
    const aside = Math.abs(across ? n.y - from.y : n.x - from.x);
    if (n.ref === from.ref || ahead <= 1 || (!across && aside > box.width)) continue;
    const far = ahead + 2 * aside;
    if (far < least) {
      least = far;
      best = n;
    }
  }
  return best;
}

/** What self needs, through however many others. */
export function needed(edges: readonly Edge[], self: string): Set<string> {
  return walk([self], edges, (e) => [e.from, e.to], self);
}

/**
 * What is hit when self is changed or lost: what it owns, and whatever leads to one of them: who selects a Pod of a
 * Deployment loses it with the Deployment.
 */
export function affected(edges: readonly Edge[], self: string): Set<string> {
  const owned = walk(
    [self],
    edges.filter((e) => e.type === "owns"),
    (e) => [e.from, e.to],
    self,
  );
  return walk([self, ...owned], edges, (e) => [e.to, e.from], self);
}

function walk(from: string[], edges: readonly Edge[], ends: (e: Edge) => [string, string], self: string): Set<string> {
  const onward = new Map<string, string[]>();
  for (const e of edges) {
    const [a, b] = ends(e);
    onward.set(a, [...(onward.get(a) ?? []), b]);
  }
  const seen = new Set(from);
  for (const ref of seen) for (const to of onward.get(ref) ?? []) seen.add(to); // a Set is walked to what is added
  seen.delete(self);
  return seen;
}

/** How many of each kind, the most first: 9 Pods, 2 Deployments. */
export function kindsOf(
  nodes: readonly { ref: string; kind: string }[],
  refs: ReadonlySet<string>,
): [string, number][] {
  const counts = new Map<string, number>();
  for (const n of nodes) if (refs.has(n.ref)) counts.set(n.kind, (counts.get(n.kind) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

export interface View {
  x: number;
  y: number;
  scale: number;
}

export const scales = { least: 0.2, most: 2 };

/** The whole picture in a window, not enlarged; what is too large is shown around the middle box, readable. */
export function fit(
  picture: { width: number; height: number },
  window: { width: number; height: number },
  middle: Placed | undefined,
): View {
  const margin = 24;
  const scale = Math.min(
    1,
    (window.width - 2 * margin) / Math.max(1, picture.width),
    (window.height - 2 * margin) / Math.max(1, picture.height),
  );
  if (scale >= 0.55 || !middle)
    return {
      scale: Math.max(scales.least, scale),
      x: (window.width - picture.width * scale) / 2,
      y: (window.height - picture.height * scale) / 2,
    };
  const readable = 0.75;
  return {
    scale: readable,
    x: window.width / 2 - (middle.x + box.width / 2) * readable,
    y: window.height / 2 - (middle.y + box.height / 2) * readable,
  };
}

/** The view after zooming by a factor around a point of the window. */
export function zoom(view: View, factor: number, at: { x: number; y: number }): View {
  const scale = Math.min(scales.most, Math.max(scales.least, view.scale * factor));
  const by = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by };
}

/** The view moved just as much as shows a box. */
export function reveal(view: View, node: Placed, window: { width: number; height: number }): View {
  const margin = 16;
  const shift = (low: number, high: number, size: number): number =>
    low < margin ? margin - low : high > size - margin ? size - margin - high : 0;
  const left = view.x + node.x * view.scale;
  const top = view.y + node.y * view.scale;
  return {
    scale: view.scale,
    x: view.x + shift(left, left + box.width * view.scale, window.width),
    y: view.y + shift(top, top + box.height * view.scale, window.height),
  };
}
