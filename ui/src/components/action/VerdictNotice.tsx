import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ShieldAlert, TriangleAlert } from "lucide-react";
import type { ActionVerb } from "../../api/generated";
import { verdict } from "../../api/resource";
import { paramsOf, parseRef } from "../../lib/ref";
import { Notice } from "../Panels";

/** Who would take the change back, before it is planned; nothing when nobody would, or when that is not known yet. */
export function VerdictNotice({ objectRef, verb }: { objectRef: string; verb: ActionVerb }) {
  const { data } = useQuery(verdict(objectRef, verb));
  if (!data) return null;
  const at = data.at === null ? undefined : parseRef(data.at);
  return (
    <>
      {data.reverts && (
        <Notice icon={ShieldAlert} tone="bad">
          {data.sentence} {data.remedy}
          {data.evict && verb === "RESTART" && " Restart by eviction does the same, and nobody takes it back."}
          {at && (
            <>
              {" "}
              <Link
                to="/r/$cluster/$group/$resource/$namespace/$name"
                params={paramsOf(at)}
                className="text-accent underline"
              >
                {at.name}
              </Link>
            </>
          )}
        </Notice>
      )}
      {data.warnings.map((w) => (
        <Notice key={w} icon={TriangleAlert}>
          {w}
        </Notice>
      ))}
    </>
  );
}
