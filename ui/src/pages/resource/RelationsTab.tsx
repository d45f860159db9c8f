import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { List, Share2, TriangleAlert } from "lucide-react";
import { lazy, Suspense, type ReactNode } from "react";
import { related, type Relations } from "../../api/resource";
import { EmptyPanel, ErrorPanel, Skeleton } from "../../components/Panels";
import { list as words, many } from "../../lib/count";
import { affected, kindsOf, needed, relations } from "../../lib/graph";
import { RelationList } from "./RelationList";

const RelationGraph = lazy(async () => ({ default: (await import("./RelationGraph")).RelationGraph }));

interface Props {
  objectRef: string;
  /** Types of edges, with dots between them; all without. */
  types: string | undefined;
  depth: string | undefined;
  /** list, or a picture. */
  as: string | undefined;
}

const depths = [1, 2, 3, 4];

/** What the object needs and what needs it, as a picture or as a list. */
export function RelationsTab({ objectRef, types: chosen, depth: asked, as }: Props) {
  const navigate = useNavigate();
  const depth = depths.find((d) => String(d) === asked) ?? 2;
  const types = chosen === undefined ? [] : relations.map((r) => r.type).filter((t) => chosen.split(".").includes(t));
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...related(objectRef, depth, types.length > 0 ? types : null),
    placeholderData: (was) => (was?.nodes.some((n) => n.ref === objectRef) ? was : undefined),
  });
  const go = (change: { types?: string | undefined; depth?: string | undefined; as?: string | undefined }): void =>
    void navigate({
      to: ".",
      search: (s: Record<string, unknown>) => ({ ...s, tab: "relations", ...change }),
      replace: true,
    });
  const toggle = (type: string): void => {
    const now = types.includes(type) ? types.filter((t) => t !== type) : [...types, type];
    go({ types: now.length === 0 || now.length === relations.length ? undefined : now.join(".") });
  };
  const picture = as !== "list";
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-raised px-3 py-1.5 text-sm">
        <div role="group" aria-label="Shown relations" className="flex flex-wrap gap-1">
          <Chip pressed={types.length === 0} onPress={() => go({ types: undefined })}>
            All
          </Chip>
          {relations.map((r) => (
            <Chip key={r.type} pressed={types.includes(r.type)} onPress={() => toggle(r.type)}>
              <svg viewBox="0 0 26 6" className="h-1.5 w-6.5" aria-hidden>
                <path d="M0 3H26" className="stroke-current" strokeWidth="1.5" strokeDasharray={r.dash} fill="none" />
              </svg>
              {r.word}
            </Chip>
          ))}
        </div>
        <label className="inline-flex items-center gap-1.5 text-xs text-muted">
          Steps
          <select
            value={depth}
            className="h-6 rounded-md border border-edge/60 bg-surface px-1 text-xs text-ink"
            onChange={(e) => go({ depth: e.target.value })}
          >
            {depths.map((d) => (
              <option key={d} value={d}>
                {d}
              </option>
            ))}
          </select>
        </label>
        <div
          role="group"
          aria-label="Shown as"
          className="ml-auto flex overflow-hidden rounded-md border border-edge/60"
        >
          <Mode pressed={picture} icon={Share2} onPress={() => go({ as: undefined })}>
            Graph
          </Mode>
          <Mode pressed={!picture} icon={List} onPress={() => go({ as: "list" })}>
            List
          </Mode>
        </div>
      </div>
      {error && !data ? (
        <ErrorPanel error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Skeleton rows={6} label="Asking what belongs together" />
      ) : data.nodes.length <= 1 ? (
        <EmptyPanel title="It stands alone">
          <p>Nothing that is shown here leads to it, and it leads to nothing.</p>
        </EmptyPanel>
      ) : (
        <>
          <Summary graph={data} self={objectRef} />
          <div className={`min-h-0 grow ${isPlaceholderData ? "opacity-60" : ""}`}>
            {picture ? (
              <Suspense fallback={<Skeleton rows={6} label="Drawing" />}>
                <RelationGraph graph={data} self={objectRef} />
              </Suspense>
            ) : (
              <RelationList graph={data} self={objectRef} />
            )}
          </div>
        </>
      )}
    </div>
  );
}

/** How much hangs on it. */
function Summary({ graph, self }: { graph: Relations; self: string }) {
  const hit = affected(graph.edges, self);
  const needs = needed(graph.edges, self);
  return (
    <p className="flex shrink-0 flex-wrap items-center gap-x-3 border-b border-line bg-surface px-3 py-1 text-xs">
      <span>
        <strong>Blast radius:</strong> {said(graph, hit) || "nothing leads to it"}
      </span>
      <span>
        <strong>It needs:</strong> {said(graph, needs) || "nothing"}
      </span>
      {graph.truncated && (
        <span className="inline-flex items-center gap-1 text-warn">
          <TriangleAlert className="size-3.5" aria-hidden />
          There is more than is shown; boxes with +n have neighbours left out.
        </span>
      )}
    </p>
  );
}

function said(graph: Relations, refs: ReadonlySet<string>): string {
  const kinds = kindsOf(graph.nodes, refs);
  const parts = kinds.slice(0, 4).map(([kind, n]) => many(n, kind, plural(kind)));
  const rest = kinds.slice(4).reduce((sum, [, n]) => sum + n, 0);
  return words(rest > 0 ? [...parts, `${rest} more`] : parts);
}

function plural(kind: string): string {
  return /(?:s|x|ch)$/.test(kind) ? `${kind}es` : /[^aeiou]y$/.test(kind) ? `${kind.slice(0, -1)}ies` : `${kind}s`;
}

function Chip({ pressed, onPress, children }: { pressed: boolean; onPress: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-pressed={pressed}
      className={`inline-flex min-h-6 items-center gap-1.5 rounded-full border px-2.5 text-xs ${pressed ? "border-accent bg-accent-soft font-semibold text-accent" : "border-edge/60 bg-surface hover:bg-hover"}`}
      onClick={onPress}
    >
      {children}
    </button>
  );
}

function Mode({
  pressed,
  icon: Icon,
  onPress,
  children,
}: {
  pressed: boolean;
  icon: typeof List;
  onPress: () => void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      aria-pressed={pressed}
      className={`inline-flex min-h-6 items-center gap-1 px-2 text-xs ${pressed ? "bg-accent text-on-accent" : "bg-surface hover:bg-hover"}`}
      onClick={onPress}
    >
      <Icon className="size-3.5" aria-hidden />
      {children}
    </button>
  );
}
