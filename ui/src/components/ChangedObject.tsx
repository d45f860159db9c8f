import { Link } from "@tanstack/react-router";
import type { Suspect } from "../api/compare";
import { paramsOf, parseRef } from "../lib/ref";

/** The kind and name of what changed: a link to that version in its history, when its reference can be read. */
export function ChangedObject({ change: c }: { change: Pick<Suspect["change"], "kind" | "name" | "version"> }) {
  const ref = parseRef(c.version.ref);
  const name = `${c.kind} ${c.name}`;
  if (!ref) return <span className="font-medium">{name}</span>;
  return (
    <Link
      to="/r/$cluster/$group/$resource/$namespace/$name"
      params={paramsOf(ref)}
      search={{ tab: "history", v: c.version.id }}
      className="min-w-0 font-medium break-all text-accent hover:underline"
    >
      {name}
    </Link>
  );
}
