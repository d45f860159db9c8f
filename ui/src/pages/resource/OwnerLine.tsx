import { Link } from "@tanstack/react-router";
import type { Resource } from "../../api/resource";
import { written } from "../../lib/filters";

/** Systems that the chain alone tells of: they own a part of the object, or wrote it by somebody's hand. */
const beside = new Set(["hpa", "controller", "kubectl", "kustomize"]);

/** Which systems manage an object, beside what can be done with it. */
export function OwnerLine({ owners }: { owners: Resource["managedBy"] }) {
  const systems = owners.filter((o) => !beside.has(o.system));
  if (systems.length === 0) return null;
  const reverting = systems.find((o) => o.reverts);
  return (
    <p className="text-sm">
      Managed by{" "}
      {systems.map((o, i) => {
        const whose = o.name === "" ? o.system : `${o.system}/${o.name}`;
        return (
          <span key={`${o.of}/${whose}`}>
            {i > 0 && ", "}
            <Link
              to="/search"
              search={{ q: `managedby:${written(whose)}` }}
              title={`Known by ${o.evidence}`}
              className="text-accent underline"
            >
              {`${o.title} ${o.name}`.trim()}
            </Link>
          </span>
        );
      })}
      {reverting !== undefined && <strong className="text-warn">: a direct change is taken back</strong>}.
    </p>
  );
}
