import type { Relations } from "../../api/resource";
import { Health } from "../../components/Health";
import { many } from "../../lib/count";
import { affected, needed, relations } from "../../lib/graph";
import { place } from "../../lib/ref";
import { RelationLink } from "./RelationLink";

type Node = Relations["nodes"][number];

/** The same as the picture in words: by how it is related, then what is further away. */
export function RelationList({ graph, self }: { graph: Relations; self: string }) {
  const byRef = new Map(graph.nodes.map((n) => [n.ref, n]));
  const near = new Set([self]);
  const groups: { title: string; nodes: Node[] }[] = [];
  const add = (title: string, refs: string[]): void => {
    const nodes = [...new Set(refs)].map((ref) => byRef.get(ref)).filter((n) => n !== undefined);
    for (const n of nodes) near.add(n.ref);
    if (nodes.length > 0) groups.push({ title, nodes });
  };
  for (const r of relations) {
    add(
      r.in,
      graph.edges.filter((e) => e.type === r.type && e.to === self && e.from !== self).map((e) => e.from),
    );
    add(
      r.out,
      graph.edges.filter((e) => e.type === r.type && e.from === self && e.to !== self).map((e) => e.to),
    );
  }
  const hit = affected(graph.edges, self);
  const needs = needed(graph.edges, self);
  const far = (refs: ReadonlySet<string>): string[] => [...refs].filter((ref) => !near.has(ref));
  add("Hit too, further away", far(hit));
  add("Needed too, further away", far(needs));
  add(
    "Beside it",
    graph.nodes.map((n) => n.ref).filter((ref) => !near.has(ref)),
  );
  return (
    <div className="h-full overflow-y-auto p-3">
      <div className="grid gap-3 lg:grid-cols-2">
        {groups.map((g) => (
          <section key={g.title} aria-label={g.title} className="panel min-w-0">
            <h2 className="flex items-baseline justify-between border-b border-line px-3 py-1.5 text-sm font-semibold">
              {g.title}
              <span className="text-xs font-normal text-muted">{many(g.nodes.length, "object")}</span>
            </h2>
            <ul className="max-h-80 divide-y divide-line/60 overflow-y-auto">
              {g.nodes.map((n) => (
                <li key={n.ref} className="flex min-h-8 items-center gap-2 px-3 py-1 text-sm hover:bg-hover">
                  <RelationLink
                    objectRef={n.ref}
                    className="min-w-0 truncate text-accent hover:underline"
                    title={`${n.kind} ${n.name}, ${place(n)}`}
                  >
                    <span className="text-muted">{n.kind}</span> {n.name}
                  </RelationLink>
                  {n.hidden > 0 && <span className="shrink-0 text-xs text-muted">and {n.hidden} beyond it</span>}
                  {(n.status !== "" || n.health !== "UNKNOWN") && (
                    <span className="ml-auto max-w-[45%] shrink-0">
                      <Health health={n.health} status={n.status} />
                    </span>
                  )}
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </div>
  );
}
