import * as a from "./auditing";
import * as c from "./comparing";
import * as f from "./fixtures";
import * as r from "./relating";
import * as s from "./searching";

/** What a fake hub answers, by operation: data, or an error as the hub writes it. */
export type Answer = { data: unknown } | { errors: unknown[] };
export type Scenario = Record<string, (variables: Record<string, unknown>) => Answer>;

const data = (value: unknown): Answer => ({ data: value });
export const failure = (code: string, message: string, extensions: Record<string, unknown> = {}): Answer => ({
  errors: [{ message, extensions: { code, ...extensions } }],
});

const common: Scenario = {
  Viewer: () => data({ viewer: { user: "admin", version: "v0.1.0", clusters: 3 } }),
  SearchComplete: (v) => data(s.suggestionsFor(v)),
  Facets: (v) => data(s.facetsOf(v.facets)),
  ChangeDensity: (v) => data(s.densityOf(v)),
  SavedSearches: () => data(s.saved),
  SaveSearch: (v) => data({ saveSearch: { ...s.saved.savedSearches[0], ...(v.input as object) } }),
  DeleteSavedSearch: () => data({ deleteSavedSearch: true }),
  Kinds: () =>
    data({
      kinds: [
        { group: "apps", resource: "deployments", kind: "Deployment", shortNames: ["deploy"] },
        { group: "", resource: "pods", kind: "Pod", shortNames: ["po"] },
      ],
    }),
  SearchExplain: () => data({ searchExplain: { engine: "clickhouse", canonical: "", terms: [], error: null } }),
  Suspects: () => data(c.suspects),
  Diff: (v) => data(c.diffOf(v)),
  History: () => data(f.historyPage),
  HistoryDiffs: () =>
    data({
      history: {
        nodes: f.versions.map((v) => ({ id: v.id, diff: v.meaningful && v.type === "UPDATED" ? f.diff : "" })),
      },
    }),
  ResourceYaml: (v) =>
    data({
      resource: {
        yaml: f.yaml(
          `registry.example/shop/app2:${v.at === f.versions[1]?.observedAt ? "2.0" : "1.0"}`,
          v.at === f.versions[3]?.observedAt ? 3 : 5,
        ),
      },
    }),
  Related: (v) => data(r.relatedOf(v)),
  Events: () => data(f.eventPage),
  PlanAction: () => data({ planAction: f.action() }),
  Revisions: () => data(f.revisions),
  Verdict: (v) => data(f.verdictOf(v.verb)),
  Audit: () => data(a.rows),
  AuditState: () => data(a.state),
  AuditVerification: () => data(a.verified),
  ApproveAction: (v) =>
    data({
      approveAction: {
        ...f.fourEyes,
        id: String(v.id),
        needsApproval: false,
        canApprove: false,
        approvals: [{ by: "maria", at: f.before(1) }],
      },
    }),
  ProtectCluster: (v) => data({ protectCluster: { name: v.name, protection: v.level, done: true } }),
  RetryAction: () => data({ retryAction: f.action({ id: "a8", retries: "a4" }) }),
  RunAction: (v) => data({ runAction: { ...f.running, id: String(v.id) } }),
  StopAction: () => data({ stopAction: f.action({ ...f.running, state: "STOPPED" }) }),
  UndoAction: () =>
    data({ undoAction: f.action({ id: "a9", title: "Undo: scale 2 Deployments back to 5 replicas", undoes: "a1" }) }),
  AddCluster: () =>
    data({
      addCluster: {
        cluster: "prod-eu-1",
        token: "t",
        hub: "127.0.0.1:7443",
        caPin: "sha256:ab",
        expiresAt: new Date(f.now + 3_600_000).toISOString(),
        command: "foretop collect --hub 127.0.0.1:7443 --ca-pin sha256:ab --token t",
      },
    }),
};

export const many: Scenario = {
  ...common,
  Search: (v) =>
    data(
      String(v.query).includes("-cluster=")
        ? f.searchResult([f.row({ name: "app2", cluster: "zone2" }), f.row({ name: "app2", cluster: "zone3" })])
        : String(v.query).includes("group:")
          ? f.searchResult(f.rows(100), { total: 1_201, groups: s.groupsOf(String(v.query)) })
          : f.searchResult(f.rows(100), { total: 1_201, pageInfo: { hasNextPage: true, endCursor: "c" } }),
    ),
  ResourceDetail: () => data(f.detail()),
  Changes: () => data(f.changePage),
  Clusters: () => data(f.clusterList),
  Actions: () => data(f.actionPage),
  Action: (v) =>
    data({
      action:
        v.id === "a1"
          ? f.action({
              confirmPhrase: "scale 2 in 2 clusters",
              warnings: ["Half of the replicas of app2 go away at once."],
            })
          : (f.byId.get(String(v.id)) ?? f.running),
    }),
};

export const deleted: Scenario = {
  ...many,
  Search: () =>
    data(f.searchResult(f.rows(12).map((r, i) => (i < 6 ? { ...r, deletedAt: f.before(60 * i + 40) } : r)))),
};

export const partial: Scenario = {
  ...many,
  Search: () => data(f.searchResult(f.rows(12), { coverage: f.partial })),
};

export const empty: Scenario = {
  ...common,
  Search: () => data(f.searchResult([])),
  Facets: () => data({ search: { facets: [] } }),
  ChangeDensity: (v) =>
    data({ changeDensity: { counts: Array.from({ length: Number(v.parts) }, () => 0), oldest: null } }),
  SavedSearches: () => data({ savedSearches: [] }),
  Suspects: () => data({ suspects: [] }),
  ResourceDetail: () => data({ resource: null }),
  History: () => data({ history: { total: 0, pageInfo: { hasNextPage: false, endCursor: null }, nodes: [] } }),
  Related: () => data({ related: { nodes: [], edges: [], truncated: false, width: 0, height: 0 } }),
  Events: () => data({ events: { ...f.eventPage.events, nodes: [] } }),
  Changes: () => data({ changes: { ...f.changePage.changes, nodes: [] } }),
  Clusters: () => data({ clusters: [] }),
  Audit: () => data({ audit: { total: 0, pageInfo: { hasNextPage: false, endCursor: null }, nodes: [] } }),
  Actions: () => data({ actions: { pageInfo: { hasNextPage: false, endCursor: null }, nodes: [] } }),
  Action: () => data({ action: null }),
};

const broken = (): Answer =>
  failure("UNAVAILABLE_FOR_TEST", "The database does not answer at the moment.", {
    fix: "It is restarted on its own; ask again in a few seconds.",
  });

export const failing: Scenario = {
  ...common,
  Search: () =>
    failure("QL_UNKNOWN_FIELD", 'There is no field "nginx".', {
      fix: 'Write image:"nginx:1.27" for an image, or "nginx:1.27" for the text.',
      from: 0,
      to: 5,
    }),
  Facets: broken,
  ChangeDensity: broken,
  SavedSearches: broken,
  Suspects: broken,
  Diff: broken,
  ResourceDetail: broken,
  History: broken,
  HistoryDiffs: broken,
  Related: broken,
  Events: broken,
  Changes: broken,
  Clusters: broken,
  Audit: broken,
  AuditState: broken,
  Actions: broken,
  Action: broken,
};
