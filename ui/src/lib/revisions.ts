import { at, containersOf } from "./containers";
import { written } from "./filters";
import type { Ref } from "./ref";

/** A revision that a workload's own member keeps. */
export interface Revision {
  number: number;
  createdAt: string;
  images: string[];
  /** The command or user that made it, when somebody wrote that down. */
  cause: string;
  current: boolean;
}

interface Kept {
  createdAt: string;
  annotations: unknown;
  images: readonly string[];
  object: unknown;
}

/** The query that finds what a workload's revisions are kept in: ReplicaSets, or ControllerRevisions. */
export function revisionsQuery(r: Ref): string {
  const kept = r.resource === "deployments" ? "replicasets.apps" : "controllerrevisions.apps";
  return `cluster:${written(r.cluster)} ns:${written(r.namespace)} kind:${kept} owner:${r.resource}.${r.group}/${written(r.name)}`;
}

/** The revisions, newest first; the newest is the one that runs or is rolled out. */
export function revisionsOf(list: readonly Kept[]): Revision[] {
  const found = list
    .flatMap((k) => {
      const number = Number(at(k.annotations, "deployment.kubernetes.io/revision") ?? at(k.object, "revision"));
      if (!Number.isInteger(number) || number < 1) return [];
      const cause = at(k.annotations, "kubernetes.io/change-cause");
      return [
        {
          number,
          createdAt: k.createdAt,
          images: k.images.length > 0 ? [...k.images] : containersOf(at(k.object, "data")).map((c) => c.image),
          cause: typeof cause === "string" ? cause : "",
        },
      ];
    })
    .toSorted((a, b) => b.number - a.number);
  return found.map((r, i) => ({ ...r, current: i === 0 }));
}
