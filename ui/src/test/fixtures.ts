/** Answers of a hub that does not exist, typed by the SDL: what tests and `npm run look` show the page. */
import type {
  ActionPartsFragment,
  ActionsQuery,
  ChangesQuery,
  ClustersQuery,
  EventsQuery,
  HistoryQuery,
  ResourceDetailQuery,
  RevisionsQuery,
  RowFragment,
  SearchQuery,
  VerdictQuery,
} from "../api/generated";

export const now = Date.parse("2026-11-21T13:00:00Z");
export const before = (seconds: number): string => new Date(now - seconds * 1000).toISOString();

const zones = ["zone1", "zone2", "zone3"];

export function row(change: Partial<RowFragment> = {}): RowFragment {
  const r = {
    cluster: "zone1",
    group: "apps",
    resource: "deployments",
    kind: "Deployment",
    namespace: "shop",
    name: "app1",
    createdAt: before(86_400 * 3),
    changedAt: before(190),
    changedBy: "kubectl-client-side-apply",
    deletedAt: null,
    status: "Healthy",
    health: "HEALTHY" as const,
    ready: true,
    replicas: 5,
    readyReplicas: 5,
    restarts: null,
    images: ["registry.example/shop/app1:1.0"],
    reasons: [],
    verbs: [
      "RESTART",
      "EVICT",
      "SCALE",
      "SET_IMAGE",
      "SET_ENV",
      "SET_RESOURCES",
      "ROLL_BACK",
      "REVERT",
      "PAUSE",
      "RESUME",
      "LABEL",
      "ANNOTATE",
      "DELETE",
    ],
    ...change,
  };
  return {
    ...r,
    ref: change.ref ?? `${r.cluster}:${r.namespace ?? "-"}/${r.resource}${r.group ? `.${r.group}` : ""}/${r.name}`,
  };
}

const kinds: Partial<RowFragment>[] = [
  {},
  {
    name: "app2",
    health: "DEGRADED",
    status: "Degraded",
    ready: false,
    readyReplicas: 2,
    reasons: ["MinimumReplicasUnavailable"],
    images: ["registry.example/shop/app2:2.0"],
  },
  { name: "app3", health: "PROGRESSING", status: "Progressing", ready: false, readyReplicas: 4, changedAt: before(8) },
  {
    name: "app2-6f7d8c9b5-x2k4p",
    kind: "Pod",
    group: "",
    resource: "pods",
    health: "FAILED",
    status: "ImagePullBackOff",
    ready: false,
    replicas: null,
    readyReplicas: null,
    restarts: 0,
    verbs: [],
  },
  {
    name: "app2-6f7d8c9b5-zz9qt",
    kind: "Pod",
    group: "",
    resource: "pods",
    health: "DEGRADED",
    status: "CrashLoopBackOff",
    ready: false,
    replicas: null,
    readyReplicas: null,
    restarts: 17,
    verbs: [],
  },
  {
    name: "app1-5c9d7f44d-4tqpx",
    kind: "Pod",
    group: "",
    resource: "pods",
    status: "Running",
    replicas: null,
    readyReplicas: null,
    restarts: 0,
    verbs: [],
  },
  {
    name: "app1",
    kind: "Service",
    group: "",
    resource: "services",
    status: "Healthy",
    ready: null,
    replicas: null,
    readyReplicas: null,
    images: [],
    verbs: [],
  },
  {
    name: "node-3",
    kind: "Node",
    group: "",
    resource: "nodes",
    namespace: null,
    status: "Ready,SchedulingDisabled",
    health: "SUSPENDED",
    replicas: null,
    readyReplicas: null,
    images: [],
    verbs: [],
  },
  {
    name: "kube-root-ca.crt",
    kind: "ConfigMap",
    group: "",
    resource: "configmaps",
    status: "",
    health: "UNKNOWN",
    ready: null,
    replicas: null,
    readyReplicas: null,
    images: [],
    verbs: [],
    changedBy: "",
  },
  {
    name: "old-batch-runner-with-a-rather-long-name-that-has-to-be-cut-somewhere",
    kind: "Job",
    group: "batch",
    resource: "jobs",
    status: "Terminating",
    health: "TERMINATING",
    ready: null,
    replicas: null,
    readyReplicas: null,
    verbs: [],
  },
];

export function rows(n: number): RowFragment[] {
  return Array.from({ length: n }, (_, i) => {
    const base = row(kinds[i % kinds.length]);
    const cluster = zones[Math.floor(i / kinds.length) % zones.length] ?? "zone1";
    const generation = Math.floor(i / (kinds.length * zones.length));
    return row({ ...base, cluster, name: generation > 0 ? `${base.name}-${generation}` : base.name, ref: undefined });
  });
}

type Coverage = SearchQuery["search"]["coverage"];

export const whole: Coverage = {
  asked: 3,
  answered: 3,
  stale: 0,
  clusters: zones.map((cluster) => ({ cluster, state: "LIVE", asOf: before(1), reason: "" })),
  missing: [],
};

export const partial: Coverage = {
  asked: 4,
  answered: 3,
  stale: 1,
  clusters: [
    { cluster: "zone1", state: "LIVE", asOf: before(1), reason: "" },
    {
      cluster: "zone2",
      state: "STALE",
      asOf: before(1_260),
      reason: "Not heard from since 12:39: connection refused.",
    },
    { cluster: "zone3", state: "DEGRADED", asOf: before(4), reason: "1 kind cannot be listed: secrets is forbidden." },
    { cluster: "zone4", state: "PENDING", asOf: null, reason: "Its collector has not dialled yet." },
  ],
  missing: ["The past is kept for 7d of pods: what was replaced or deleted before 2026-11-14 13:00 UTC is missing."],
};

export function searchResult(list: RowFragment[], change: Partial<SearchQuery["search"]> = {}): SearchQuery {
  return {
    search: {
      total: list.length,
      nodes: list,
      pageInfo: { hasNextPage: false, endCursor: null },
      groups: [],
      coverage: whole,
      tookMs: 12.4,
      engine: "clickhouse",
      ...change,
    },
  };
}

const labels = {
  "app.kubernetes.io/name": "app2",
  "app.kubernetes.io/part-of": "shop",
  app: "app2",
  tier: "backend",
  v: "2",
  x: "",
};

export const yaml = (image: string, replicas: number): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  labels:
    app: app2
    tier: backend
  managedFields:
  - apiVersion: apps/v1
    fieldsType: FieldsV1
    fieldsV1:
      f:spec: {}
    manager: kubectl
  name: app2
  namespace: shop
  resourceVersion: "48213"
  uid: 0b8f7c1e-7c1d-4c2c-9f6f-0a8d2f1c5e77
spec:
  replicas: ${replicas}
  selector:
    matchLabels:
      app: app2
  template:
    metadata:
      labels:
        app: app2
    spec:
      containers:
      - image: ${image}
        name: app
        ports:
        - containerPort: 8080
          name: http
        resources:
          limits:
            cpu: 500m
            memory: 256Mi
status:
  conditions:
  - message: Deployment does not have minimum availability.
    reason: MinimumReplicasUnavailable
    status: "False"
    type: Available
  readyReplicas: 2
  replicas: ${replicas}
`;

export function detail(change: Partial<NonNullable<ResourceDetailQuery["resource"]>> = {}): ResourceDetailQuery {
  return {
    resource: {
      ...row(kinds[1]),
      version: "v1",
      uid: "0b8f7c1e-7c1d-4c2c-9f6f-0a8d2f1c5e77",
      resourceVersion: "48213",
      labels,
      annotations: { "deployment.kubernetes.io/revision": "4" },
      app: "app2",
      node: "",
      owner: null,
      managedBy: [
        {
          system: "hpa",
          title: "Autoscaler",
          name: "app2",
          of: null,
          ref: null,
          evidence: "its scaleTargetRef",
          reverts: true,
          remedy: "Change its bounds.",
          effect: "It sets the number of replicas; a direct change is reverted within about 15 s.",
        },
        {
          system: "argocd",
          title: "Argo CD",
          name: "shop",
          of: null,
          ref: "zone1:argocd/applications.argoproj.io/shop",
          evidence: "annotation argocd.argoproj.io/tracking-id: shop:apps/Deployment:shop/app2",
          effect: "Argo CD application shop heals itself: a direct change is taken back within seconds.",
          reverts: true,
          remedy: "Change it in Git, or switch off automated sync of zone1:argocd/applications.argoproj.io/shop.",
        },
      ],
      object: {
        spec: {
          replicas: 5,
          template: {
            spec: {
              containers: [
                {
                  name: "app",
                  image: "registry.example/shop/app2:2.0",
                  env: [
                    { name: "LEVEL", value: "info" },
                    { name: "TOKEN", valueFrom: { secretKeyRef: { name: "app2", key: "token" } } },
                  ],
                  resources: { requests: { cpu: "50m" }, limits: { cpu: "500m", memory: "256Mi" } },
                },
                { name: "proxy", image: "registry.example/shop/proxy:1.4" },
              ],
            },
          },
        },
        status: {
          conditions: [
            {
              type: "Available",
              status: "False",
              reason: "MinimumReplicasUnavailable",
              message: "Deployment does not have minimum availability.",
              lastTransitionTime: before(185),
            },
            {
              type: "Progressing",
              status: "True",
              reason: "ReplicaSetUpdated",
              message: 'ReplicaSet "app2-6f7d8c9b5" is progressing.',
              lastTransitionTime: before(190),
            },
          ],
        },
      },
      yaml: yaml("registry.example/shop/app2:2.0", 5),
      ...change,
    },
  };
}

type VersionNode = HistoryQuery["history"]["nodes"][number];

export function version(change: Partial<VersionNode> = {}): VersionNode {
  return {
    id: "300",
    type: "UPDATED",
    observedAt: before(190),
    resourceVersion: "48213",
    generation: 4,
    meaningful: true,
    changedPaths: ["spec.template.spec.containers[app].image"],
    changedBy: "kubectl-set",
    status: "Degraded",
    health: "DEGRADED",
    images: ["registry.example/shop/app2:2.0"],
    ...change,
  };
}

export const versions: VersionNode[] = [
  version({
    id: "301",
    meaningful: false,
    observedAt: before(150),
    changedPaths: ["status.readyReplicas"],
    changedBy: "kube-controller-manager",
  }),
  version(),
  version({
    id: "200",
    observedAt: before(3_600),
    changedPaths: ["spec.replicas"],
    changedBy: "foretop",
    status: "Healthy",
    health: "HEALTHY",
  }),
  version({
    id: "100",
    type: "SEEN",
    observedAt: before(7_300),
    changedPaths: [],
    changedBy: "",
    status: "Healthy",
    health: "HEALTHY",
  }),
];

export const diff = `--- before
+++ after
@@ -16,7 +16,7 @@
         app: app2
     spec:
       containers:
-      - image: registry.example/shop/app2:1.0
+      - image: registry.example/shop/app2:2.0
         name: app
         ports:
         - containerPort: 8080
`;

export const historyPage: HistoryQuery = {
  history: { total: versions.length, pageInfo: { hasNextPage: false, endCursor: null }, nodes: versions },
};

const app2 = "zone1:shop/deployments.apps/app2";

export const eventPage: EventsQuery = {
  events: {
    pageInfo: { hasNextPage: false, endCursor: null },
    coverage: whole,
    nodes: [
      {
        uid: "e1",
        cluster: "zone1",
        namespace: "shop",
        type: "Warning",
        reason: "Failed",
        message: 'Failed to pull image "registry.example/shop/app2:2.0": not found',
        source: "kubelet",
        count: 6,
        firstAt: before(180),
        lastAt: before(20),
        regardingKind: "Pod",
        regardingName: "app2-6f7d8c9b5-x2k4p",
        regarding: "zone1:shop/pods/app2-6f7d8c9b5-x2k4p",
      },
      {
        uid: "e2",
        cluster: "zone1",
        namespace: "shop",
        type: "Normal",
        reason: "ScalingReplicaSet",
        message: "Scaled up replica set app2-6f7d8c9b5 from 0 to 2",
        source: "deployment-controller",
        count: 1,
        firstAt: before(190),
        lastAt: before(190),
        regardingKind: "Deployment",
        regardingName: "app2",
        regarding: app2,
      },
    ],
  },
};

export const changePage: ChangesQuery = {
  changes: {
    pageInfo: { hasNextPage: false, endCursor: null },
    coverage: whole,
    nodes: [
      {
        cluster: "zone1",
        namespace: "shop",
        kind: "Deployment",
        resource: "deployments.apps",
        name: "app2",
        summary: "image app2:1.0 -> app2:2.0",
        version: {
          id: "300",
          ref: app2,
          type: "UPDATED",
          observedAt: before(190),
          changedBy: "kubectl-set",
          changedPaths: ["spec.template.spec.containers[app].image"],
          meaningful: true,
          status: "Degraded",
          health: "DEGRADED",
        },
      },
      {
        cluster: "zone2",
        namespace: null,
        kind: "Node",
        resource: "nodes",
        name: "node-7",
        summary: "",
        version: {
          id: "12",
          ref: "zone2:-/nodes/node-7",
          type: "DELETED",
          observedAt: before(90_000),
          changedBy: "",
          changedPaths: [],
          meaningful: true,
          status: "NotReady",
          health: "DEGRADED",
        },
      },
    ],
  },
};

type ClusterNode = ClustersQuery["clusters"][number];

function cluster(change: Partial<ClusterNode>): ClusterNode {
  return {
    name: "zone1",
    uid: "6f1e8f0c-1a52-4a52-8f4e-3a9f1d2c7b10",
    mode: "push",
    state: "LIVE",
    reason: "",
    asOf: before(1),
    lagMs: 84,
    kubernetesVersion: "v1.36.3",
    labels: { zone: "1", env: "demo" },
    objects: 1_284,
    nodes: 5,
    pods: 214,
    namespaces: 9,
    addedAt: before(7_200),
    protection: "NONE",
    resources: [
      { group: "", version: "v1", resource: "pods", kind: "Pod", state: "synced", reason: "", objects: 214 },
      {
        group: "apps",
        version: "v1",
        resource: "deployments",
        kind: "Deployment",
        state: "synced",
        reason: "",
        objects: 40,
      },
      {
        group: "",
        version: "v1",
        resource: "secrets",
        kind: "Secret",
        state: "excluded",
        reason: "Left out by the collector's filter.",
        objects: 0,
      },
    ],
    ...change,
  };
}

export const clusterList: ClustersQuery = {
  clusters: [
    cluster({}),
    cluster({
      name: "zone2",
      state: "STALE",
      reason: "Not heard from since 12:39: connection refused.",
      asOf: before(1_260),
      lagMs: null,
      uid: "u2",
    }),
    cluster({
      name: "zone3",
      state: "DEGRADED",
      reason: "1 kind cannot be listed.",
      uid: "u3",
      mode: "pull",
      resources: [
        { group: "", version: "v1", resource: "pods", kind: "Pod", state: "synced", reason: "", objects: 198 },
        {
          group: "example.io",
          version: "v1",
          resource: "widgets",
          kind: "Widget",
          state: "failing",
          reason: "widgets.example.io is forbidden: the collector may not list it.",
          objects: 0,
        },
      ],
    }),
    cluster({
      name: "zone4",
      state: "PENDING",
      reason: "Its collector has not dialled yet.",
      asOf: null,
      lagMs: null,
      kubernetesVersion: "",
      uid: "",
      objects: 0,
      nodes: 0,
      pods: 0,
      namespaces: 0,
      resources: [],
      mode: "pull",
    }),
  ],
};

type Target = ActionPartsFragment["targets"][number];

export function target(change: Partial<Target> = {}): Target {
  return {
    ref: app2,
    uid: "u",
    resourceVersion: "48213",
    state: "READY",
    message: "",
    warnings: [],
    diff: "--- before\n+++ after\n@@ -12,3 +12,3 @@\n spec:\n-  replicas: 5\n+  replicas: 3\n   selector:\n",
    change: "replicas 5 -> 3",
    desired: 3,
    updated: null,
    readyReplicas: null,
    startedAt: null,
    finishedAt: null,
    wave: 1,
    canUndo: false,
    ...change,
  };
}

export function action(change: Partial<ActionPartsFragment> = {}): ActionPartsFragment {
  const targets = change.targets ?? [
    target(),
    target({ ref: "zone2:shop/deployments.apps/app2" }),
    target({
      ref: "zone3:shop/deployments.apps/app2",
      state: "BLOCKED",
      message: "An autoscaler app2 sets the replicas; it would revert this within 15 s.",
      diff: "",
      change: "",
    }),
  ];
  return {
    id: "a1",
    verb: "SCALE",
    state: "PLANNED",
    title: "Scale 2 Deployments in zone1 and zone2 to 3 replicas",
    reason: "INC-4711",
    actor: "admin",
    createdAt: before(12),
    startedAt: null,
    finishedAt: null,
    confirmPhrase: null,
    protection: "NONE",
    needsApproval: false,
    canApprove: false,
    approvals: [],
    warnings: [],
    undoes: null,
    undoneBy: null,
    retries: null,
    retriedBy: null,
    canUndo: false,
    canRetry: false,
    parameters: { replicas: 3 },
    waves: { parallel: 0, size: 0, pauseSeconds: 0, maxFailures: 0, byCluster: false, count: 1 },
    wave: 0,
    nextWaveAt: null,
    done: 0,
    failed: 0,
    total: targets.length,
    ...change,
    targets,
  };
}

export const running = action({
  id: "a5",
  state: "RUNNING",
  startedAt: before(6),
  done: 1,
  warnings: ["1 of 3 targets is left out."],
  targets: [
    target({ state: "DONE", updated: 3, readyReplicas: 3 }),
    target({ ref: "zone2:shop/deployments.apps/app2", state: "RUNNING", updated: 3, readyReplicas: 4 }),
    target({ ref: "zone3:shop/deployments.apps/app2", state: "SKIPPED", message: "Blocked in the plan." }),
  ],
});

export const finished = action({
  id: "a2",
  state: "SUCCEEDED",
  startedAt: before(60),
  finishedAt: before(40),
  done: 2,
  total: 2,
  canUndo: true,
  targets: [
    target({ state: "DONE", updated: 3, readyReplicas: 3 }),
    target({ ref: "zone2:shop/deployments.apps/app2", state: "DONE", updated: 3, readyReplicas: 3 }),
  ],
});

/** A plan of many targets that is being made. */
export const planning = action({
  id: "a6",
  state: "PLANNING",
  title: "Restart 4 Deployments in zone1 and zone2",
  verb: "RESTART",
  targets: ["app1", "app2", "app3", "app4"].map((name, i) =>
    target({
      ref: `zone1:shop/deployments.apps/${name}`,
      state: i < 1 ? "READY" : "PENDING",
      diff: "",
      change: i < 1 ? "restart" : "",
    }),
  ),
});

/** A run of many targets in waves, between two of them. */
export const inWaves = action({
  id: "a7",
  state: "RUNNING",
  title: "Restart 1,200 Deployments in 3 clusters",
  verb: "RESTART",
  startedAt: before(60),
  nextWaveAt: before(-25),
  wave: 1,
  waves: { parallel: 8, size: 400, pauseSeconds: 30, maxFailures: 5, byCluster: true, count: 3 },
  parameters: {},
  done: 398,
  failed: 2,
  targets: Array.from({ length: 1_200 }, (_, i) =>
    target({
      ref: `${zones[Math.floor(i / 400)]}:shop/deployments.apps/app${i}`,
      wave: Math.floor(i / 400) + 1,
      state: i < 2 ? "FAILED" : i < 400 ? "DONE" : "QUEUED",
      message: i < 2 ? "The rollout is not done after 5 minutes; the write has happened." : "",
      change: "restart",
      desired: 2,
    }),
  ),
});

/** A run that ended with something left to do. */
export const partlyFailed = action({
  id: "a4",
  state: "FAILED",
  startedAt: before(600),
  finishedAt: before(300),
  done: 1,
  failed: 1,
  canUndo: true,
  canRetry: true,
  targets: [
    target({ state: "DONE", canUndo: true }),
    target({
      ref: "zone2:shop/deployments.apps/app2",
      state: "FAILED",
      message: "zone2 did not answer within 30 s; nothing was written.",
    }),
  ],
});

export const expired = action({ id: "a3", state: "EXPIRED" });

/** A plan that another person has to approve. */
export const fourEyes = action({
  id: "a10",
  verb: "DELETE",
  title: "Delete Deployment app2 in zone1",
  confirmPhrase: "app2",
  protection: "FOUR_EYES",
  needsApproval: true,
  canApprove: true,
  parameters: {},
  targets: [target({ change: "deleted" })],
});

export const byId = new Map([finished, expired, partlyFailed, planning, inWaves, fourEyes].map((a) => [a.id, a]));

export const revisions: RevisionsQuery = {
  search: {
    nodes: [4, 3, 1].map((n) => ({
      ref: `zone1:shop/replicasets.apps/app2-${n}`,
      name: `app2-${n}`,
      createdAt: before(86_400 * (5 - n)),
      annotations: { "deployment.kubernetes.io/revision": String(n) },
      images: [`registry.example/shop/app2:${n}.0`],
      object: {},
    })),
  },
};

export const actionPage: ActionsQuery = {
  actions: { pageInfo: { hasNextPage: false, endCursor: null }, nodes: [running, finished, action({ id: "a3" })] },
};

/** Argo CD takes back what is not a restart. */
export function verdictOf(verb: unknown): VerdictQuery {
  const reverts = verb === "SET_ENV";
  return {
    resource: {
      verdict: {
        reverts,
        by: reverts ? "argocd" : "",
        afterSeconds: reverts ? 5 : null,
        sentence: reverts ? "Argo CD takes it back within about 5 s: Application shop heals itself." : "",
        remedy: reverts ? "Change it in Git, or turn selfHeal off." : "",
        warnings: verb === "SCALE" ? ["The next helm upgrade may overwrite it."] : [],
        evict: false,
        at: null,
      },
    },
  };
}
