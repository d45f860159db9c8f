interface Node {
  ref: string;
  level: number;
}

interface Edge {
  from: string;
  to: string;
  type: string;
}

export interface TreeItem<T> {
  node: T;
  children: TreeItem<T>[];
}

/** The nodes of a graph that ownership ties to self, through however many others, and self. */
export function familyOf<T extends Node>(nodes: readonly T[], edges: readonly Edge[], self: string): T[] {
  const tied = new Map<string, string[]>();
  for (const { from, to, type } of edges) {
    if (type !== "owns") continue;
    tied.set(from, [...(tied.get(from) ?? []), to]);
    tied.set(to, [...(tied.get(to) ?? []), from]);
  }
  const family = new Set([self]);
  for (const ref of family) for (const next of tied.get(ref) ?? []) family.add(next); // a Set is walked to what is added
  return nodes.filter((n) => family.has(n.ref));
}

/** Owners and owned as trees, from the topmost owners down. A node of two owners stands under the first. */
export function treeOf<T extends Node>(nodes: readonly T[], edges: readonly Edge[]): TreeItem<T>[] {
  const byRef = new Map(nodes.map((n) => [n.ref, n]));
  const below = new Map<string, string[]>();
  const owned = new Set<string>();
  for (const e of edges) {
    if (e.type !== "owns" || !byRef.has(e.from) || !byRef.has(e.to)) continue;
    below.set(e.from, [...(below.get(e.from) ?? []), e.to]);
    owned.add(e.to);
  }
  const seen = new Set<string>();
  const item = (node: T): TreeItem<T> => {
    seen.add(node.ref);
    const children: TreeItem<T>[] = [];
    for (const ref of below.get(node.ref) ?? []) {
      const child = byRef.get(ref);
      if (child && !seen.has(ref)) children.push(item(child));
    }
    return { node, children };
  };
  const roots = nodes.filter((n) => !owned.has(n.ref)).toSorted((a, b) => a.level - b.level);
  const trees = roots.map(item);
  // What is in a circle has no root: it stands on its own.
  for (const n of nodes) if (!seen.has(n.ref)) trees.push(item(n));
  return trees;
}
