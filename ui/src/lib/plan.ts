/** A target of an action, as far as grouping looks at it. */
interface Target {
  ref: string;
  state: string;
  change: string;
  diff: string;
  message: string;
}

export interface TargetGroup<T extends Target> {
  key: string;
  title: string;
  diff: string;
  targets: T[];
}

/** What differs between objects that change in the same way: headers that name them, and what servers set. */
const own = /^(?:---|\+\+\+) .*\n?|^[-+ ] {2}(?:uid|creationTimestamp|resourceVersion|generation): .*\n?/gm;

/** Targets that change in the same way, largest group first, those that are blocked apart. */
export function groupTargets<T extends Target>(targets: readonly T[]): TargetGroup<T>[] {
  const groups = new Map<string, TargetGroup<T>>();
  for (const t of targets) {
    const body = t.diff.replaceAll(own, "");
    const apart = t.state === "BLOCKED" || t.state === "PENDING";
    const key = apart ? t.state : `${t.change}\n${body}`;
    const group = groups.get(key);
    if (group) group.targets.push(t);
    else
      groups.set(key, {
        key,
        title: t.state === "BLOCKED" ? "Left out" : t.state === "PENDING" ? "Not dry-run yet" : t.change || "No change",
        diff: apart ? "" : t.diff,
        targets: [t],
      });
  }
  const last = (g: TargetGroup<T>): number => Number(g.key === "BLOCKED" || g.key === "PENDING");
  return [...groups.values()].toSorted((a, b) => last(a) - last(b) || b.targets.length - a.targets.length);
}

/** How many targets are in each state. */
export function tally<S extends string>(targets: readonly { state: S }[]): Map<S, number> {
  const counts = new Map<S, number>();
  for (const t of targets) counts.set(t.state, (counts.get(t.state) ?? 0) + 1);
  return counts;
}
