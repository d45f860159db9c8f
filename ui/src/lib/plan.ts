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

/**
 * Targets that change in the same way, largest group first, those that are blocked apart. Diffs are compared without
 * their headers, which name the object.
 */
export function groupTargets<T extends Target>(targets: readonly T[]): TargetGroup<T>[] {
  const groups = new Map<string, TargetGroup<T>>();
  for (const t of targets) {
    const body = t.diff.replaceAll(/^(?:---|\+\+\+) .*\n?/gm, "");
    const key = t.state === "BLOCKED" ? "blocked" : `${t.change}\n${body}`;
    const group = groups.get(key);
    if (group) group.targets.push(t);
    else
      groups.set(key, {
        key,
        title: t.state === "BLOCKED" ? "Left out" : t.change || "No change",
        diff: t.state === "BLOCKED" ? "" : t.diff,
        targets: [t],
      });
  }
  return [...groups.values()].toSorted(
    (a, b) => Number(a.key === "blocked") - Number(b.key === "blocked") || b.targets.length - a.targets.length,
  );
}
