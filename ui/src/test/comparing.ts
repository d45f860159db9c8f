/** Answers that weigh or compare: suspects and differences. */
import type { DiffQuery, SuspectsQuery } from "../api/generated";
import { before } from "./fixtures";

type Suspect = SuspectsQuery["suspects"][number];

function suspect(
  score: number,
  change: Partial<Suspect["change"]> & { at: number },
  reasons: [string, number][],
): Suspect {
  const { at, ...rest } = change;
  const kind = rest.kind ?? "Deployment";
  const name = rest.name ?? "app2";
  const resource = rest.resource ?? "deployments.apps";
  return {
    score,
    reasons: reasons.map(([text, weight]) => ({ text, weight })),
    change: {
      cluster: "zone1",
      namespace: "shop",
      kind,
      resource,
      name,
      summary: rest.summary ?? "image app2: 1.0 -> 2.0",
      version: {
        id: `${at}`,
        ref: `zone1:shop/${resource}/${name}`,
        type: "UPDATED",
        observedAt: before(at),
        changedBy: "kubectl-set",
        changedPaths: ["spec.template.spec.containers[app].image"],
        meaningful: true,
        status: "Degraded",
        health: "DEGRADED",
      },
    },
  };
}

export const suspects: SuspectsQuery = {
  suspects: [
    suspect(0.94, { at: 232 }, [
      ["42 s before it broke", 0.35],
      ["the object itself", 0.3],
      ["image changed", 0.25],
      ["5 objects depend on it", 0.04],
    ]),
    suspect(
      0.48,
      {
        at: 900,
        kind: "ConfigMap",
        resource: "configmaps",
        name: "feature-flags",
        summary: "data checkout.v2: off -> on",
      },
      [
        ["app2 uses it", 0.2],
        ["configuration changed", 0.18],
        ["12 min before it broke", 0.1],
      ],
    ),
    suspect(
      0.21,
      {
        at: 300,
        kind: "HorizontalPodAutoscaler",
        resource: "horizontalpodautoscalers.autoscaling",
        name: "app2",
        summary: "maxReplicas: 5 -> 8",
      },
      [
        ["same application", 0.15],
        ["2 min before it broke", 0.2],
        ["it changed many times that hour", -0.14],
      ],
    ),
  ],
};

const unified = `--- zone1
+++ zone2
@@ -18,7 +18,7 @@
     spec:
       containers:
       - name: app
-        image: registry.example/shop/app2:2.0
+        image: registry.example/shop/app2:1.0
         ports:
         - containerPort: 8080
`;

export function diffOf(variables: Record<string, unknown>): DiffQuery {
  const side = (ref: unknown) => ({ ref: String(ref) });
  const same = String(variables.to).startsWith("zone3");
  return {
    diff: {
      same,
      hidden: variables.noise === true ? 0 : 14,
      unified: same ? "" : unified,
      changes: same
        ? []
        : [
            {
              path: "spec.template.spec.containers[app].image",
              from: "registry.example/shop/app2:2.0",
              to: "registry.example/shop/app2:1.0",
            },
            { path: "spec.replicas", from: "5", to: "3" },
            { path: 'metadata.annotations["team.example/on-call"]', from: "", to: "mina" },
          ],
      from: side(variables.from),
      to: side(variables.to),
    },
  };
}
