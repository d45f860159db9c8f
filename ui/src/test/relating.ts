/** The graph around app2 as the hub lays it out. */
import type { RelatedQuery } from "../api/generated";

type Node = RelatedQuery["related"]["nodes"][number];

function node(ref: string, kind: string, layer: number, row: number, change: Partial<Node> = {}): Node {
  return {
    ref: `zone1:${ref}`,
    kind,
    name: ref.split("/").slice(2).join("/"),
    namespace: "shop",
    cluster: "zone1",
    status: "Healthy",
    health: "HEALTHY",
    ready: true,
    level: layer - 1,
    hidden: 0,
    x: layer * 310,
    y: row * 62,
    ...change,
  };
}

const deployment = "shop/deployments.apps/app2";
const replicas = "shop/replicasets.apps/app2-6f7d8c9b5";
const pods = ["x2k4p", "zz9qt", "h7l2m"].map((p) => `shop/pods/app2-6f7d8c9b5-${p}`);
const service = "shop/services/app2";
const broken = { health: "FAILED", status: "ImagePullBackOff", ready: false } as const;

const nodes: Node[] = [
  node("shop/horizontalpodautoscalers.autoscaling/app2", "HorizontalPodAutoscaler", 0, 0),
  node(deployment, "Deployment", 1, 1, { health: "DEGRADED", status: "Degraded", ready: false }),
  node("shop/ingresses.networking.k8s.io/shop", "Ingress", 0, 3),
  node(service, "Service", 1, 3),
  node(replicas, "ReplicaSet", 2, 1, { health: "DEGRADED", status: "Degraded", ready: false }),
  node(pods[0] ?? "", "Pod", 3, 0, broken),
  node(pods[1] ?? "", "Pod", 3, 1),
  node(pods[2] ?? "", "Pod", 3, 2),
  node("shop/configmaps/feature-flags", "ConfigMap", 4, 0, { health: "UNKNOWN", status: "", ready: null }),
  node("shop/secrets/db-credentials-of-the-whole-shop", "Secret", 4, 1, { health: "UNKNOWN", status: "", ready: null }),
  node("-/nodes/node-3", "Node", 4, 2, { namespace: null, hidden: 37, status: "Ready" }),
  node("-/images/registry.example/shop/app2:2.0", "Image", 4, 3, {
    namespace: null,
    status: "",
    health: "UNKNOWN",
    ready: null,
  }),
];

const link = (from: string, to: string, type: string) => ({ from: `zone1:${from}`, to: `zone1:${to}`, type });

const edges = [
  link("shop/horizontalpodautoscalers.autoscaling/app2", deployment, "selects"),
  link(deployment, replicas, "owns"),
  link("shop/ingresses.networking.k8s.io/shop", service, "routes"),
  ...pods.flatMap((p) => [
    link(replicas, p, "owns"),
    link(service, p, "selects"),
    link(p, "shop/configmaps/feature-flags", "uses"),
    link(p, "shop/secrets/db-credentials-of-the-whole-shop", "uses"),
    link(p, "-/nodes/node-3", "node"),
    link(p, "-/images/registry.example/shop/app2:2.0", "image"),
  ]),
];

/** What the asked types of edges leave of it. */
export function relatedOf(variables: Record<string, unknown>): RelatedQuery {
  const types = Array.isArray(variables.types) ? variables.types : null;
  const left = edges.filter((e) => types === null || types.includes(e.type));
  const tied = new Set(left.flatMap((e) => [e.from, e.to]));
  return {
    related: {
      truncated: types === null,
      width: 4 * 310 + 220,
      height: 3 * 62 + 48,
      nodes: nodes.filter((n) => tied.has(n.ref) || n.ref === variables.ref),
      edges: left.map((e) => ({ ...e, bends: [] })),
    },
  };
}
