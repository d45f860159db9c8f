import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { related, type Relations } from "../../api/resource";
import { Health } from "../../components/Health";
import { EmptyPanel, ErrorPanel, Notice, Skeleton } from "../../components/Panels";
import { paramsOf, parseRef } from "../../lib/ref";
import { familyOf, treeOf, type TreeItem } from "../../lib/tree";
import { TriangleAlert } from "lucide-react";

type Node = Relations["nodes"][number];

/** Owners above and owned objects below, indented. */
export function TreeTab({ objectRef }: { objectRef: string }) {
  const { data, error, refetch } = useQuery(related(objectRef, 3, ["owns"]));
  if (error && !data) return <ErrorPanel error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton rows={6} label="Asking for owners and owned objects" />;
  const family = familyOf(data.nodes, data.edges, objectRef);
  if (family.length <= 1)
    return (
      <EmptyPanel title="It stands alone">
        <p>Nothing owns it, and it owns nothing.</p>
      </EmptyPanel>
    );
  return (
    <div className="flex flex-col gap-2 p-3">
      {data.truncated && <Notice icon={TriangleAlert}>There are more objects than are shown here.</Notice>}
      <div className="panel overflow-x-auto py-1">
        <Level items={treeOf(family, data.edges)} self={objectRef} depth={0} />
      </div>
    </div>
  );
}

function Level({ items, self, depth }: { items: TreeItem<Node>[]; self: string; depth: number }) {
  return (
    <ul>
      {items.map(({ node, children }) => {
        const ref = parseRef(node.ref);
        return (
          <li key={node.ref}>
            <div
              className={`flex min-w-fit items-center gap-3 py-1 pr-3 text-sm ${node.ref === self ? "bg-accent-soft" : "hover:bg-hover"}`}
              style={{ paddingLeft: `${0.75 + depth * 1.5}rem` }}
            >
              {depth > 0 && (
                <span aria-hidden className="-ml-4 text-muted">
                  └
                </span>
              )}
              <span className="w-28 shrink-0 text-muted">{node.kind}</span>
              {ref && node.ref !== self ? (
                <Link
                  to="/r/$cluster/$group/$resource/$namespace/$name"
                  params={paramsOf(ref)}
                  search={{ tab: "tree" }}
                  className="whitespace-nowrap text-accent hover:underline"
                >
                  {node.name}
                </Link>
              ) : (
                <span className="font-semibold whitespace-nowrap" aria-current={node.ref === self ? "true" : undefined}>
                  {node.name}
                </span>
              )}
              <span className="ml-auto whitespace-nowrap">
                <Health health={node.health} status={node.status} />
              </span>
            </div>
            {children.length > 0 && <Level items={children} self={self} depth={depth + 1} />}
          </li>
        );
      })}
    </ul>
  );
}
