import { Link } from "@tanstack/react-router";
import { Info, TriangleAlert } from "lucide-react";
import type { Resource } from "../../api/resource";
import { Notice } from "../../components/Panels";
import { paramsOf, parseRef } from "../../lib/ref";

/** Who manages an object, nearest first, and what they would do to a direct change. */
export function OwnerChain({ owners }: { owners: Resource["managedBy"] }) {
  if (owners.length === 0) {
    return null;
  }
  return (
    <section aria-label="Managed by" className="lg:col-span-2">
      <ol className="flex flex-col gap-2">
        {owners.map((o) => (
          <li key={`${o.of}/${o.system}/${o.name}`}>
            <Notice icon={o.reverts ? TriangleAlert : Info} tone={o.reverts ? "warn" : "info"}>
              <strong>
                {o.title} {o.name === "" ? null : <Controlling objectRef={o.ref}>{o.name}</Controlling>}
              </strong>
              {o.effect !== "" && `: ${o.effect} ${o.remedy}`}
              <span className="block text-sm text-muted">
                {o.of !== null && `Manages ${o.of}. `}Known by {o.evidence}.
              </span>
            </Notice>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Controlling({ objectRef, children }: { objectRef: string | null; children: string }) {
  const ref = objectRef === null ? undefined : parseRef(objectRef);
  if (ref === undefined) {
    return children;
  }
  return (
    <Link to="/r/$cluster/$group/$resource/$namespace/$name" params={paramsOf(ref)} className="underline">
      {children}
    </Link>
  );
}
