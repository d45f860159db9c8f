// Written by `npm run generate` from schemas/graphql and operations/*.graphql. Do not edit.
import type { Document } from "./document";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type SavedSearchInput = {
  /** Of the search to replace; left out for a new one. */
  id?: string | null | undefined;
  name: string;
  description?: string | null | undefined;
  query: string;
  page?: string | null | undefined;
  shared?: boolean | null | undefined;
};

export type Protection =
  | 'NONE'
  /** Changes are confirmed by typed words. */
  | 'CONFIRM'
  /** And another person has to approve them. */
  | 'FOUR_EYES';

export type ClusterState =
  /** Connected for the first time, first lists under way. */
  | 'SYNCING'
  /** In step with the member. */
  | 'LIVE'
  /** Heard from, but some kinds fail or lag. */
  | 'DEGRADED'
  /** Not heard from; what is stored is as of asOf. */
  | 'STALE'
  /** Registered, never heard from. */
  | 'PENDING';

export type Health =
  | 'HEALTHY'
  | 'PROGRESSING'
  | 'DEGRADED'
  | 'FAILED'
  | 'SUSPENDED'
  | 'TERMINATING'
  | 'UNKNOWN';

export type ChangeType =
  | 'CREATED'
  | 'UPDATED'
  | 'DELETED'
  /** First seen in a list; it may be older. */
  | 'SEEN';

export type ActionVerb =
  /** Replaces a workload's pods by its own rollout. */
  | 'RESTART'
  /** Replaces a workload's pods by evicting them one by one, heeding PodDisruptionBudgets. No owner takes it back. */
  | 'EVICT'
  /** Of what an autoscaler owns, its bounds are changed instead. */
  | 'SCALE'
  | 'AUTOSCALE'
  | 'SET_IMAGE'
  | 'SET_ENV'
  | 'SET_RESOURCES'
  /** To an earlier revision, or to a version from history. */
  | 'ROLL_BACK'
  /** Takes one change from history back. */
  | 'REVERT'
  /** Deployments' rollouts, Jobs and CronJobs. */
  | 'PAUSE'
  | 'RESUME'
  | 'CORDON'
  | 'UNCORDON'
  | 'DRAIN'
  | 'LABEL'
  | 'ANNOTATE'
  | 'DELETE'
  /** Runs a Job again, under another name. */
  | 'RERUN'
  /** Makes a Job from a CronJob now. */
  | 'TRIGGER'
  /** Server-side apply of a manifest in any set of clusters. */
  | 'APPLY';

export type ActionState =
  /** Its targets are being dry-run; see those that are still PENDING. */
  | 'PLANNING'
  | 'PLANNED'
  | 'RUNNING'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'STOPPED'
  | 'EXPIRED';

export type TargetState =
  /** Not dry-run yet. */
  | 'PENDING'
  /** Dry run passed. */
  | 'READY'
  /** Dry run or a check refused it; message says why. */
  | 'BLOCKED'
  | 'QUEUED'
  | 'RUNNING'
  | 'DONE'
  | 'FAILED'
  | 'SKIPPED';

export type ActionInput = {
  verb: ActionVerb;
  /** Either refs or a query, not both; APPLY takes neither. A query is frozen into refs at once. */
  refs?: Array<string> | null | undefined;
  query?: string | null | undefined;
  /** SCALE: the wanted number. */
  replicas?: number | null | undefined;
  parameters?: ActionParameters | null | undefined;
  waves?: WavesInput | null | undefined;
  reason?: string | null | undefined;
};

/** What a verb needs besides its targets. What a verb does not know is refused. */
export type ActionParameters = {
  /** AUTOSCALE, and SCALE of what an autoscaler owns. */
  min?: number | null | undefined;
  max?: number | null | undefined;
  /** SET_ENV, SET_RESOURCES; null is every container. */
  container?: string | null | undefined;
  /** SET_IMAGE: container and image, * is every container. SET_ENV, LABEL, ANNOTATE: name and value. */
  set?: Array<SettingInput> | null | undefined;
  /** SET_ENV, LABEL, ANNOTATE: names. */
  remove?: Array<string> | null | undefined;
  /** SET_RESOURCES: cpu, memory ... and a quantity; an empty one removes. */
  requests?: Array<SettingInput> | null | undefined;
  limits?: Array<SettingInput> | null | undefined;
  /** ROLL_BACK: the member's own revision; null with no version is the one before. */
  revision?: number | null | undefined;
  /** ROLL_BACK: this version of history. REVERT: the version whose change is taken back. */
  version?: string | null | undefined;
  /** DELETE: Background, Foreground or Orphan. */
  propagation?: string | null | undefined;
  /** DELETE, EVICT, DRAIN. */
  graceSeconds?: number | null | undefined;
  /** DRAIN: pods whose emptyDir volumes are lost with them. */
  emptyDir?: boolean | null | undefined;
  /** DRAIN: pods that nobody brings back. */
  unmanaged?: boolean | null | undefined;
  /** EVICT: workloads of a single pod too. */
  whole?: boolean | null | undefined;
  /** APPLY: YAML or JSON, several documents too. */
  manifest?: string | null | undefined;
  /** APPLY: names and globs of clusters. */
  clusters?: Array<string> | null | undefined;
  overrides?: Array<OverrideInput> | null | undefined;
  /** APPLY: take over fields that others own. */
  force?: boolean | null | undefined;
  /** Go past an owner that would take the change back; without it such targets are blocked. */
  direct?: boolean | null | undefined;
};

export type SettingInput = {
  name: string;
  value: string;
};

/** Changes an applied manifest for some clusters; later ones win. */
export type OverrideInput = {
  clusters: Array<string>;
  /** Replaces the registry of every image. */
  registry?: string | null | undefined;
  replicas?: number | null | undefined;
  env?: Array<SettingInput> | null | undefined;
};

/** How fast an action goes; without it all targets, four at a time, whatever fails. */
export type WavesInput = {
  parallel?: number | null | undefined;
  /** Targets in a wave. */
  size?: number | null | undefined;
  pauseSeconds?: number | null | undefined;
  /** Stop after so many targets failed. */
  maxFailures?: number | null | undefined;
  /** A wave never spans clusters. */
  byCluster?: boolean | null | undefined;
};

export type ResourceChangeType =
  | 'ADDED'
  | 'MODIFIED'
  | 'REMOVED';

export type ActionHeadFragment = { id: string, verb: ActionVerb, state: ActionState, title: string, reason: string, actor: string, createdAt: string, startedAt: string | null, finishedAt: string | null, confirmPhrase: string | null, protection: Protection, needsApproval: boolean, canApprove: boolean, warnings: Array<string>, undoes: string | null, undoneBy: string | null, retries: string | null, retriedBy: string | null, canUndo: boolean, canRetry: boolean, parameters: unknown, wave: number, nextWaveAt: string | null, done: number, failed: number, total: number, approvals: Array<{ by: string, at: string }>, waves: { parallel: number, size: number, pauseSeconds: number, maxFailures: number, byCluster: boolean, count: number } };

export type TargetMoveFragment = { ref: string, wave: number, uid: string, resourceVersion: string, state: TargetState, message: string, warnings: Array<string>, change: string, canUndo: boolean, desired: number | null, updated: number | null, readyReplicas: number | null, startedAt: string | null, finishedAt: string | null };

export type ActionPartsFragment = { id: string, verb: ActionVerb, state: ActionState, title: string, reason: string, actor: string, createdAt: string, startedAt: string | null, finishedAt: string | null, confirmPhrase: string | null, protection: Protection, needsApproval: boolean, canApprove: boolean, warnings: Array<string>, undoes: string | null, undoneBy: string | null, retries: string | null, retriedBy: string | null, canUndo: boolean, canRetry: boolean, parameters: unknown, wave: number, nextWaveAt: string | null, done: number, failed: number, total: number, targets: Array<{ diff: string, ref: string, wave: number, uid: string, resourceVersion: string, state: TargetState, message: string, warnings: Array<string>, change: string, canUndo: boolean, desired: number | null, updated: number | null, readyReplicas: number | null, startedAt: string | null, finishedAt: string | null }>, approvals: Array<{ by: string, at: string }>, waves: { parallel: number, size: number, pauseSeconds: number, maxFailures: number, byCluster: boolean, count: number } };

export type ActionQueryVariables = Exact<{
  id: string;
}>;


export type ActionQuery = { action: { id: string, verb: ActionVerb, state: ActionState, title: string, reason: string, actor: string, createdAt: string, startedAt: string | null, finishedAt: string | null, confirmPhrase: string | null, protection: Protection, needsApproval: boolean, canApprove: boolean, warnings: Array<string>, undoes: string | null, undoneBy: string | null, retries: string | null, retriedBy: string | null, canUndo: boolean, canRetry: boolean, parameters: unknown, wave: number, nextWaveAt: string | null, done: number, failed: number, total: number, targets: Array<{ diff: string, ref: string, wave: number, uid: string, resourceVersion: string, state: TargetState, message: string, warnings: Array<string>, change: string, canUndo: boolean, desired: number | null, updated: number | null, readyReplicas: number | null, startedAt: string | null, finishedAt: string | null }>, approvals: Array<{ by: string, at: string }>, waves: { parallel: number, size: number, pauseSeconds: number, maxFailures: number, byCluster: boolean, count: number } } | null };

export type ActionsQueryVariables = Exact<{
  query: string;
  first: number;
  after?: string | null | undefined;
}>;


export type ActionsQuery = { actions: { pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: Array<{ id: string, verb: ActionVerb, state: ActionState, title: string, reason: string, actor: string, createdAt: string, startedAt: string | null, finishedAt: string | null, undoes: string | null, undoneBy: string | null, retries: string | null, retriedBy: string | null, needsApproval: boolean, wave: number, nextWaveAt: string | null, done: number, failed: number, total: number, waves: { count: number } }> } };

export type PlanActionMutationVariables = Exact<{
  input: ActionInput;
}>;


export type PlanActionMutation = { planAction: { id: string, verb: ActionVerb, state: ActionState, title: string, reason: string, actor: string, createdAt: string, startedAt: string | null, finishedAt: string | null, confirmPhrase: string | null, protection: Protection, needsApproval: boolean, canApprove: boolean, warnings: Array<string>, undoes: string | null, undoneBy: string | null, retries: string | null, retriedBy: string | null, canUndo: boolean, canRetry: boolean, parameters: unknown, wave: number, nextWaveAt: string | null, done: number, failed: number, total: number, targets: Array<{ diff: string, ref: string, wave: number, uid: string, resourceVersion: string, state: TargetState, message: string, warnings: Array<string>, change: string, canUndo: boolean, desired: number | null, updated: number | null, readyReplicas: number | null, startedAt: string | null, finishedAt: string | null }>, approvals: Array<{ by: string, at: string }>, waves: { parallel: number, size: number, pauseSeconds: number, maxFailures: number, byCluster: boolean, count: number } } };

export type RunActionMutationVariables = Exact<{
  id: string;
  confirm?: string | null | undefined;
}>;


export type RunActionMutation = { runAction: { id: string, verb: ActionVerb, state: ActionState, title: string, reason: string, actor: string, createdAt: string, startedAt: string | null, finishedAt: string | null, confirmPhrase: string | null, protection: Protection, needsApproval: boolean, canApprove: boolean, warnings: Array<string>, undoes: string | null, undoneBy: string | null, retries: string | null, retriedBy: string | null, canUndo: boolean, canRetry: boolean, parameters: unknown, wave: number, nextWaveAt: string | null, done: number, failed: number, total: number, targets: Array<{ diff: string, ref: string, wave: number, uid: string, resourceVersion: string, state: TargetState, message: string, warnings: Array<string>, change: string, canUndo: boolean, desired: number | null, updated: number | null, readyReplicas: number | null, startedAt: string | null, finishedAt: string | null }>, approvals: Array<{ by: string, at: string }>, waves: { parallel: number, size: number, pauseSeconds: number, maxFailures: number, byCluster: boolean, count: number } } };

export type StopActionMutationVariables = Exact<{
  id: string;
}>;


export type StopActionMutation = { stopAction: { id: string, verb: ActionVerb, state: ActionState, title: string, reason: string, actor: string, createdAt: string, startedAt: string | null, finishedAt: string | null, confirmPhrase: string | null, protection: Protection, needsApproval: boolean, canApprove: boolean, warnings: Array<string>, undoes: string | null, undoneBy: string | null, retries: string | null, retriedBy: string | null, canUndo: boolean, canRetry: boolean, parameters: unknown, wave: number, nextWaveAt: string | null, done: number, failed: number, total: number, targets: Array<{ diff: string, ref: string, wave: number, uid: string, resourceVersion: string, state: TargetState, message: string, warnings: Array<string>, change: string, canUndo: boolean, desired: number | null, updated: number | null, readyReplicas: number | null, startedAt: string | null, finishedAt: string | null }>, approvals: Array<{ by: string, at: string }>, waves: { parallel: number, size: number, pauseSeconds: number, maxFailures: number, byCluster: boolean, count: number } } };

export type UndoActionMutationVariables = Exact<{
  id: string;
}>;


export type UndoActionMutation = { undoAction: { id: string, verb: ActionVerb, state: ActionState, title: string, reason: string, actor: string, createdAt: string, startedAt: string | null, finishedAt: string | null, confirmPhrase: string | null, protection: Protection, needsApproval: boolean, canApprove: boolean, warnings: Array<string>, undoes: string | null, undoneBy: string | null, retries: string | null, retriedBy: string | null, canUndo: boolean, canRetry: boolean, parameters: unknown, wave: number, nextWaveAt: string | null, done: number, failed: number, total: number, targets: Array<{ diff: string, ref: string, wave: number, uid: string, resourceVersion: string, state: TargetState, message: string, warnings: Array<string>, change: string, canUndo: boolean, desired: number | null, updated: number | null, readyReplicas: number | null, startedAt: string | null, finishedAt: string | null }>, approvals: Array<{ by: string, at: string }>, waves: { parallel: number, size: number, pauseSeconds: number, maxFailures: number, byCluster: boolean, count: number } } };

export type ApproveActionMutationVariables = Exact<{
  id: string;
}>;


export type ApproveActionMutation = { approveAction: { id: string, verb: ActionVerb, state: ActionState, title: string, reason: string, actor: string, createdAt: string, startedAt: string | null, finishedAt: string | null, confirmPhrase: string | null, protection: Protection, needsApproval: boolean, canApprove: boolean, warnings: Array<string>, undoes: string | null, undoneBy: string | null, retries: string | null, retriedBy: string | null, canUndo: boolean, canRetry: boolean, parameters: unknown, wave: number, nextWaveAt: string | null, done: number, failed: number, total: number, targets: Array<{ diff: string, ref: string, wave: number, uid: string, resourceVersion: string, state: TargetState, message: string, warnings: Array<string>, change: string, canUndo: boolean, desired: number | null, updated: number | null, readyReplicas: number | null, startedAt: string | null, finishedAt: string | null }>, approvals: Array<{ by: string, at: string }>, waves: { parallel: number, size: number, pauseSeconds: number, maxFailures: number, byCluster: boolean, count: number } } };

export type RetryActionMutationVariables = Exact<{
  id: string;
}>;


export type RetryActionMutation = { retryAction: { id: string, verb: ActionVerb, state: ActionState, title: string, reason: string, actor: string, createdAt: string, startedAt: string | null, finishedAt: string | null, confirmPhrase: string | null, protection: Protection, needsApproval: boolean, canApprove: boolean, warnings: Array<string>, undoes: string | null, undoneBy: string | null, retries: string | null, retriedBy: string | null, canUndo: boolean, canRetry: boolean, parameters: unknown, wave: number, nextWaveAt: string | null, done: number, failed: number, total: number, targets: Array<{ diff: string, ref: string, wave: number, uid: string, resourceVersion: string, state: TargetState, message: string, warnings: Array<string>, change: string, canUndo: boolean, desired: number | null, updated: number | null, readyReplicas: number | null, startedAt: string | null, finishedAt: string | null }>, approvals: Array<{ by: string, at: string }>, waves: { parallel: number, size: number, pauseSeconds: number, maxFailures: number, byCluster: boolean, count: number } } };

export type ActionProgressSubscriptionVariables = Exact<{
  id: string;
}>;


export type ActionProgressSubscription = { actionProgress: { id: string, verb: ActionVerb, state: ActionState, title: string, reason: string, actor: string, createdAt: string, startedAt: string | null, finishedAt: string | null, confirmPhrase: string | null, protection: Protection, needsApproval: boolean, canApprove: boolean, warnings: Array<string>, undoes: string | null, undoneBy: string | null, retries: string | null, retriedBy: string | null, canUndo: boolean, canRetry: boolean, parameters: unknown, wave: number, nextWaveAt: string | null, done: number, failed: number, total: number, targets: Array<{ ref: string, wave: number, uid: string, resourceVersion: string, state: TargetState, message: string, warnings: Array<string>, change: string, canUndo: boolean, desired: number | null, updated: number | null, readyReplicas: number | null, startedAt: string | null, finishedAt: string | null }>, approvals: Array<{ by: string, at: string }>, waves: { parallel: number, size: number, pauseSeconds: number, maxFailures: number, byCluster: boolean, count: number } } };

export type AuditQueryVariables = Exact<{
  query: string;
  first: number;
  after?: string | null | undefined;
}>;


export type AuditQuery = { audit: { total: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: Array<{ seq: string, at: string, action: string | null, actor: string, source: string, verb: string, phase: string, cluster: string, namespace: string | null, resource: string, name: string, uid: string, ref: string | null, result: string, reason: string, detail: unknown, prevHash: string, hash: string }> } };

export type AuditStateQueryVariables = Exact<{ [key: string]: never; }>;


export type AuditStateQuery = { auditState: { seq: string, hash: string, first: string, keys: Array<string>, checkpoint: { seq: string, at: string, key: string } | null } };

export type AuditVerificationQueryVariables = Exact<{ [key: string]: never; }>;


export type AuditVerificationQuery = { auditVerification: { whole: boolean, rows: number, rowsBefore: number, checkpoints: number, findings: Array<string>, tookMs: number } };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { user: string, version: string, clusters: number } };

export type ClustersQueryVariables = Exact<{ [key: string]: never; }>;


export type ClustersQuery = { clusters: Array<{ name: string, uid: string, mode: string, state: ClusterState, reason: string, asOf: string | null, lagMs: number | null, kubernetesVersion: string, labels: unknown, objects: number, nodes: number, pods: number, namespaces: number, addedAt: string, protection: Protection, resources: Array<{ group: string, version: string, resource: string, kind: string, state: string, reason: string, objects: number }> }> };

export type AddClusterMutationVariables = Exact<{
  name: string;
}>;


export type AddClusterMutation = { addCluster: { cluster: string, token: string, hub: string, caPin: string, expiresAt: string, command: string } };

export type RemoveClusterMutationVariables = Exact<{
  name: string;
}>;


export type RemoveClusterMutation = { removeCluster: boolean };

export type ProtectClusterMutationVariables = Exact<{
  name: string;
  level: Protection;
}>;


export type ProtectClusterMutation = { protectCluster: { name: string, protection: Protection, done: boolean } };

export type SuspectsQueryVariables = Exact<{
  query: string;
  before: string;
  window: number;
  first: number;
}>;


export type SuspectsQuery = { suspects: Array<{ score: number, reasons: Array<{ text: string, weight: number }>, change: { cluster: string, namespace: string | null, kind: string, resource: string, name: string, summary: string, version: { id: string, ref: string, type: ChangeType, observedAt: string, changedBy: string, changedPaths: Array<string>, meaningful: boolean, status: string, health: Health } } }> };

export type DiffQueryVariables = Exact<{
  from: string;
  to: string;
  fromAt?: string | null | undefined;
  toAt?: string | null | undefined;
  noise: boolean;
}>;


export type DiffQuery = { diff: { same: boolean, hidden: number, unified: string, changes: Array<{ path: string, from: string, to: string }>, from: { ref: string } | null, to: { ref: string } | null } };

export type ResourceDetailQueryVariables = Exact<{
  ref: string;
  at?: string | null | undefined;
}>;


export type ResourceDetailQuery = { resource: { version: string, uid: string, resourceVersion: string, labels: unknown, annotations: unknown, app: string, node: string, object: unknown, yaml: string, ref: string, cluster: string, group: string, resource: string, kind: string, namespace: string | null, name: string, createdAt: string, changedAt: string, changedBy: string, deletedAt: string | null, status: string, health: Health, ready: boolean | null, replicas: number | null, readyReplicas: number | null, restarts: number | null, images: Array<string>, reasons: Array<string>, verbs: Array<string>, owner: { ref: string, kind: string, name: string } | null, managedBy: Array<{ system: string, title: string, name: string, of: string | null, ref: string | null, evidence: string, effect: string, reverts: boolean, remedy: string }> } | null };

export type ResourceYamlQueryVariables = Exact<{
  ref: string;
  at?: string | null | undefined;
}>;


export type ResourceYamlQuery = { resource: { yaml: string } | null };

export type HistoryQueryVariables = Exact<{
  ref: string;
  first: number;
  after?: string | null | undefined;
}>;


export type HistoryQuery = { history: { total: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: Array<{ id: string, type: ChangeType, observedAt: string, resourceVersion: string, generation: number, meaningful: boolean, changedPaths: Array<string>, changedBy: string, status: string, health: Health, images: Array<string> }> } };

export type HistoryDiffsQueryVariables = Exact<{
  ref: string;
  first: number;
  after?: string | null | undefined;
  full: boolean;
}>;


export type HistoryDiffsQuery = { history: { nodes: Array<{ id: string, diff: string }> } };

export type RelatedQueryVariables = Exact<{
  ref: string;
  depth: number;
  types?: Array<string> | string | null | undefined;
}>;


export type RelatedQuery = { related: { truncated: boolean, width: number, height: number, nodes: Array<{ ref: string, kind: string, name: string, namespace: string | null, cluster: string, status: string, health: Health, ready: boolean | null, level: number, hidden: number, x: number, y: number }>, edges: Array<{ from: string, to: string, type: string, bends: Array<{ x: number, y: number }> }> } };

export type EventsQueryVariables = Exact<{
  query: string;
  from: string;
  to?: string | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type EventsQuery = { events: { pageInfo: { hasNextPage: boolean, endCursor: string | null }, coverage: { asked: number, answered: number, stale: number, missing: Array<string>, clusters: Array<{ cluster: string, state: ClusterState, asOf: string | null, reason: string }> }, nodes: Array<{ uid: string, cluster: string, namespace: string | null, type: string, reason: string, message: string, source: string, count: number, firstAt: string, lastAt: string, regardingKind: string, regardingName: string, regarding: string | null }> } };

export type ChangesQueryVariables = Exact<{
  query: string;
  from: string;
  to?: string | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type ChangesQuery = { changes: { pageInfo: { hasNextPage: boolean, endCursor: string | null }, coverage: { asked: number, answered: number, stale: number, missing: Array<string>, clusters: Array<{ cluster: string, state: ClusterState, asOf: string | null, reason: string }> }, nodes: Array<{ cluster: string, namespace: string | null, kind: string, resource: string, name: string, summary: string, version: { id: string, ref: string, type: ChangeType, observedAt: string, changedBy: string, changedPaths: Array<string>, meaningful: boolean, status: string, health: Health } }> } };

export type RevisionsQueryVariables = Exact<{
  query: string;
}>;


export type RevisionsQuery = { search: { nodes: Array<{ ref: string, name: string, createdAt: string, annotations: unknown, images: Array<string>, object: unknown }> } };

export type VerdictQueryVariables = Exact<{
  ref: string;
  verb: ActionVerb;
}>;


export type VerdictQuery = { resource: { verdict: { reverts: boolean, by: string, afterSeconds: number | null, sentence: string, remedy: string, warnings: Array<string>, evict: boolean, at: string | null } } | null };

export type SavedPartsFragment = { id: string, name: string, description: string, query: string, page: string, owner: string, shared: boolean, mine: boolean, createdAt: string, updatedAt: string };

export type SavedSearchesQueryVariables = Exact<{ [key: string]: never; }>;


export type SavedSearchesQuery = { savedSearches: Array<{ id: string, name: string, description: string, query: string, page: string, owner: string, shared: boolean, mine: boolean, createdAt: string, updatedAt: string }> };

export type SaveSearchMutationVariables = Exact<{
  input: SavedSearchInput;
}>;


export type SaveSearchMutation = { saveSearch: { id: string, name: string, description: string, query: string, page: string, owner: string, shared: boolean, mine: boolean, createdAt: string, updatedAt: string } };

export type DeleteSavedSearchMutationVariables = Exact<{
  id: string;
}>;


export type DeleteSavedSearchMutation = { deleteSavedSearch: boolean };

export type RowFragment = { ref: string, cluster: string, group: string, resource: string, kind: string, namespace: string | null, name: string, createdAt: string, changedAt: string, changedBy: string, deletedAt: string | null, status: string, health: Health, ready: boolean | null, replicas: number | null, readyReplicas: number | null, restarts: number | null, images: Array<string>, reasons: Array<string>, verbs: Array<string> };

export type CoveragePartsFragment = { asked: number, answered: number, stale: number, missing: Array<string>, clusters: Array<{ cluster: string, state: ClusterState, asOf: string | null, reason: string }> };

export type SearchQueryVariables = Exact<{
  query: string;
  first: number;
  after?: string | null | undefined;
}>;


export type SearchQuery = { search: { total: number, tookMs: number, engine: string, nodes: Array<{ ref: string, cluster: string, group: string, resource: string, kind: string, namespace: string | null, name: string, createdAt: string, changedAt: string, changedBy: string, deletedAt: string | null, status: string, health: Health, ready: boolean | null, replicas: number | null, readyReplicas: number | null, restarts: number | null, images: Array<string>, reasons: Array<string>, verbs: Array<string> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null }, groups: Array<{ values: Array<string>, count: number, ready: number, notReady: number }>, coverage: { asked: number, answered: number, stale: number, missing: Array<string>, clusters: Array<{ cluster: string, state: ClusterState, asOf: string | null, reason: string }> } } };

export type FacetsQueryVariables = Exact<{
  query: string;
  facets: Array<string> | string;
}>;


export type FacetsQuery = { search: { facets: Array<{ field: string, distinct: number, values: Array<{ value: string, count: number }> }> } };

export type ChangeDensityQueryVariables = Exact<{
  query: string;
  from: string;
  to?: string | null | undefined;
  parts: number;
}>;


export type ChangeDensityQuery = { changeDensity: { counts: Array<number>, oldest: string | null } };

export type SearchCompleteQueryVariables = Exact<{
  query: string;
  cursor: number;
  page: string;
}>;


export type SearchCompleteQuery = { searchComplete: Array<{ text: string, label: string, type: string, detail: string, count: number | null, from: number, to: number }> };

export type SearchExplainQueryVariables = Exact<{
  query: string;
  page: string;
}>;


export type SearchExplainQuery = { searchExplain: { engine: string, canonical: string, terms: Array<string>, error: { code: string, message: string, fix: string, from: number, to: number } | null } };

export type ResourceChangesSubscriptionVariables = Exact<{
  query: string;
}>;


export type ResourceChangesSubscription = { resourceChanges: { type: ResourceChangeType, ref: string, observedAt: string, resource: { ref: string, cluster: string, group: string, resource: string, kind: string, namespace: string | null, name: string, createdAt: string, changedAt: string, changedBy: string, deletedAt: string | null, status: string, health: Health, ready: boolean | null, replicas: number | null, readyReplicas: number | null, restarts: number | null, images: Array<string>, reasons: Array<string>, verbs: Array<string> } | null } };

export type KindsQueryVariables = Exact<{ [key: string]: never; }>;


export type KindsQuery = { kinds: Array<{ group: string, resource: string, kind: string, shortNames: Array<string> }> };

export const ActionDocument = {
  name: "Action",
  text: "query Action($id: ID!) {\n  action(id: $id) {\n    ...ActionParts\n  }\n}\nfragment ActionParts on Action {\n  ...ActionHead\n  targets {\n    ...TargetMove\n    diff\n  }\n}\nfragment ActionHead on Action {\n  id\n  verb\n  state\n  title\n  reason\n  actor\n  createdAt\n  startedAt\n  finishedAt\n  confirmPhrase\n  protection\n  needsApproval\n  canApprove\n  approvals {\n    by\n    at\n  }\n  warnings\n  undoes\n  undoneBy\n  retries\n  retriedBy\n  canUndo\n  canRetry\n  parameters\n  waves {\n    parallel\n    size\n    pauseSeconds\n    maxFailures\n    byCluster\n    count\n  }\n  wave\n  nextWaveAt\n  done\n  failed\n  total\n}\nfragment TargetMove on ActionTarget {\n  ref\n  wave\n  uid\n  resourceVersion\n  state\n  message\n  warnings\n  change\n  canUndo\n  desired\n  updated\n  readyReplicas\n  startedAt\n  finishedAt\n}",
} as Document<ActionQuery, ActionQueryVariables>;

export const ActionsDocument = {
  name: "Actions",
  text: "query Actions($query: String!, $first: Int!, $after: String) {\n  actions(query: $query, first: $first, after: $after) {\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    nodes {\n      id\n      verb\n      state\n      title\n      reason\n      actor\n      createdAt\n      startedAt\n      finishedAt\n      undoes\n      undoneBy\n      retries\n      retriedBy\n      needsApproval\n      wave\n      nextWaveAt\n      waves {\n        count\n      }\n      done\n      failed\n      total\n    }\n  }\n}",
} as Document<ActionsQuery, ActionsQueryVariables>;

export const PlanActionDocument = {
  name: "PlanAction",
  text: "mutation PlanAction($input: ActionInput!) {\n  planAction(input: $input) {\n    ...ActionParts\n  }\n}\nfragment ActionParts on Action {\n  ...ActionHead\n  targets {\n    ...TargetMove\n    diff\n  }\n}\nfragment ActionHead on Action {\n  id\n  verb\n  state\n  title\n  reason\n  actor\n  createdAt\n  startedAt\n  finishedAt\n  confirmPhrase\n  protection\n  needsApproval\n  canApprove\n  approvals {\n    by\n    at\n  }\n  warnings\n  undoes\n  undoneBy\n  retries\n  retriedBy\n  canUndo\n  canRetry\n  parameters\n  waves {\n    parallel\n    size\n    pauseSeconds\n    maxFailures\n    byCluster\n    count\n  }\n  wave\n  nextWaveAt\n  done\n  failed\n  total\n}\nfragment TargetMove on ActionTarget {\n  ref\n  wave\n  uid\n  resourceVersion\n  state\n  message\n  warnings\n  change\n  canUndo\n  desired\n  updated\n  readyReplicas\n  startedAt\n  finishedAt\n}",
} as Document<PlanActionMutation, PlanActionMutationVariables>;

export const RunActionDocument = {
  name: "RunAction",
  text: "mutation RunAction($id: ID!, $confirm: String) {\n  runAction(id: $id, confirm: $confirm) {\n    ...ActionParts\n  }\n}\nfragment ActionParts on Action {\n  ...ActionHead\n  targets {\n    ...TargetMove\n    diff\n  }\n}\nfragment ActionHead on Action {\n  id\n  verb\n  state\n  title\n  reason\n  actor\n  createdAt\n  startedAt\n  finishedAt\n  confirmPhrase\n  protection\n  needsApproval\n  canApprove\n  approvals {\n    by\n    at\n  }\n  warnings\n  undoes\n  undoneBy\n  retries\n  retriedBy\n  canUndo\n  canRetry\n  parameters\n  waves {\n    parallel\n    size\n    pauseSeconds\n    maxFailures\n    byCluster\n    count\n  }\n  wave\n  nextWaveAt\n  done\n  failed\n  total\n}\nfragment TargetMove on ActionTarget {\n  ref\n  wave\n  uid\n  resourceVersion\n  state\n  message\n  warnings\n  change\n  canUndo\n  desired\n  updated\n  readyReplicas\n  startedAt\n  finishedAt\n}",
} as Document<RunActionMutation, RunActionMutationVariables>;

export const StopActionDocument = {
  name: "StopAction",
  text: "mutation StopAction($id: ID!) {\n  stopAction(id: $id) {\n    ...ActionParts\n  }\n}\nfragment ActionParts on Action {\n  ...ActionHead\n  targets {\n    ...TargetMove\n    diff\n  }\n}\nfragment ActionHead on Action {\n  id\n  verb\n  state\n  title\n  reason\n  actor\n  createdAt\n  startedAt\n  finishedAt\n  confirmPhrase\n  protection\n  needsApproval\n  canApprove\n  approvals {\n    by\n    at\n  }\n  warnings\n  undoes\n  undoneBy\n  retries\n  retriedBy\n  canUndo\n  canRetry\n  parameters\n  waves {\n    parallel\n    size\n    pauseSeconds\n    maxFailures\n    byCluster\n    count\n  }\n  wave\n  nextWaveAt\n  done\n  failed\n  total\n}\nfragment TargetMove on ActionTarget {\n  ref\n  wave\n  uid\n  resourceVersion\n  state\n  message\n  warnings\n  change\n  canUndo\n  desired\n  updated\n  readyReplicas\n  startedAt\n  finishedAt\n}",
} as Document<StopActionMutation, StopActionMutationVariables>;

export const UndoActionDocument = {
  name: "UndoAction",
  text: "mutation UndoAction($id: ID!) {\n  undoAction(id: $id) {\n    ...ActionParts\n  }\n}\nfragment ActionParts on Action {\n  ...ActionHead\n  targets {\n    ...TargetMove\n    diff\n  }\n}\nfragment ActionHead on Action {\n  id\n  verb\n  state\n  title\n  reason\n  actor\n  createdAt\n  startedAt\n  finishedAt\n  confirmPhrase\n  protection\n  needsApproval\n  canApprove\n  approvals {\n    by\n    at\n  }\n  warnings\n  undoes\n  undoneBy\n  retries\n  retriedBy\n  canUndo\n  canRetry\n  parameters\n  waves {\n    parallel\n    size\n    pauseSeconds\n    maxFailures\n    byCluster\n    count\n  }\n  wave\n  nextWaveAt\n  done\n  failed\n  total\n}\nfragment TargetMove on ActionTarget {\n  ref\n  wave\n  uid\n  resourceVersion\n  state\n  message\n  warnings\n  change\n  canUndo\n  desired\n  updated\n  readyReplicas\n  startedAt\n  finishedAt\n}",
} as Document<UndoActionMutation, UndoActionMutationVariables>;

export const ApproveActionDocument = {
  name: "ApproveAction",
  text: "mutation ApproveAction($id: ID!) {\n  approveAction(id: $id) {\n    ...ActionParts\n  }\n}\nfragment ActionParts on Action {\n  ...ActionHead\n  targets {\n    ...TargetMove\n    diff\n  }\n}\nfragment ActionHead on Action {\n  id\n  verb\n  state\n  title\n  reason\n  actor\n  createdAt\n  startedAt\n  finishedAt\n  confirmPhrase\n  protection\n  needsApproval\n  canApprove\n  approvals {\n    by\n    at\n  }\n  warnings\n  undoes\n  undoneBy\n  retries\n  retriedBy\n  canUndo\n  canRetry\n  parameters\n  waves {\n    parallel\n    size\n    pauseSeconds\n    maxFailures\n    byCluster\n    count\n  }\n  wave\n  nextWaveAt\n  done\n  failed\n  total\n}\nfragment TargetMove on ActionTarget {\n  ref\n  wave\n  uid\n  resourceVersion\n  state\n  message\n  warnings\n  change\n  canUndo\n  desired\n  updated\n  readyReplicas\n  startedAt\n  finishedAt\n}",
} as Document<ApproveActionMutation, ApproveActionMutationVariables>;

export const RetryActionDocument = {
  name: "RetryAction",
  text: "mutation RetryAction($id: ID!) {\n  retryAction(id: $id) {\n    ...ActionParts\n  }\n}\nfragment ActionParts on Action {\n  ...ActionHead\n  targets {\n    ...TargetMove\n    diff\n  }\n}\nfragment ActionHead on Action {\n  id\n  verb\n  state\n  title\n  reason\n  actor\n  createdAt\n  startedAt\n  finishedAt\n  confirmPhrase\n  protection\n  needsApproval\n  canApprove\n  approvals {\n    by\n    at\n  }\n  warnings\n  undoes\n  undoneBy\n  retries\n  retriedBy\n  canUndo\n  canRetry\n  parameters\n  waves {\n    parallel\n    size\n    pauseSeconds\n    maxFailures\n    byCluster\n    count\n  }\n  wave\n  nextWaveAt\n  done\n  failed\n  total\n}\nfragment TargetMove on ActionTarget {\n  ref\n  wave\n  uid\n  resourceVersion\n  state\n  message\n  warnings\n  change\n  canUndo\n  desired\n  updated\n  readyReplicas\n  startedAt\n  finishedAt\n}",
} as Document<RetryActionMutation, RetryActionMutationVariables>;

export const ActionProgressDocument = {
  name: "ActionProgress",
  text: "subscription ActionProgress($id: ID!) {\n  actionProgress(id: $id) {\n    ...ActionHead\n    targets {\n      ...TargetMove\n    }\n  }\n}\nfragment ActionHead on Action {\n  id\n  verb\n  state\n  title\n  reason\n  actor\n  createdAt\n  startedAt\n  finishedAt\n  confirmPhrase\n  protection\n  needsApproval\n  canApprove\n  approvals {\n    by\n    at\n  }\n  warnings\n  undoes\n  undoneBy\n  retries\n  retriedBy\n  canUndo\n  canRetry\n  parameters\n  waves {\n    parallel\n    size\n    pauseSeconds\n    maxFailures\n    byCluster\n    count\n  }\n  wave\n  nextWaveAt\n  done\n  failed\n  total\n}\nfragment TargetMove on ActionTarget {\n  ref\n  wave\n  uid\n  resourceVersion\n  state\n  message\n  warnings\n  change\n  canUndo\n  desired\n  updated\n  readyReplicas\n  startedAt\n  finishedAt\n}",
} as Document<ActionProgressSubscription, ActionProgressSubscriptionVariables>;

export const AuditDocument = {
  name: "Audit",
  text: "query Audit($query: String!, $first: Int!, $after: String) {\n  audit(query: $query, first: $first, after: $after) {\n    total\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    nodes {\n      seq\n      at\n      action\n      actor\n      source\n      verb\n      phase\n      cluster\n      namespace\n      resource\n      name\n      uid\n      ref\n      result\n      reason\n      detail\n      prevHash\n      hash\n    }\n  }\n}",
} as Document<AuditQuery, AuditQueryVariables>;

export const AuditStateDocument = {
  name: "AuditState",
  text: "query AuditState {\n  auditState {\n    seq\n    hash\n    first\n    checkpoint {\n      seq\n      at\n      key\n    }\n    keys\n  }\n}",
} as Document<AuditStateQuery, AuditStateQueryVariables>;

export const AuditVerificationDocument = {
  name: "AuditVerification",
  text: "query AuditVerification {\n  auditVerification {\n    whole\n    rows\n    rowsBefore\n    checkpoints\n    findings\n    tookMs\n  }\n}",
} as Document<AuditVerificationQuery, AuditVerificationQueryVariables>;

export const ViewerDocument = {
  name: "Viewer",
  text: "query Viewer {\n  viewer {\n    user\n    version\n    clusters\n  }\n}",
} as Document<ViewerQuery, ViewerQueryVariables>;

export const ClustersDocument = {
  name: "Clusters",
  text: "query Clusters {\n  clusters {\n    name\n    uid\n    mode\n    state\n    reason\n    asOf\n    lagMs\n    kubernetesVersion\n    labels\n    objects\n    nodes\n    pods\n    namespaces\n    addedAt\n    protection\n    resources {\n      group\n      version\n      resource\n      kind\n      state\n      reason\n      objects\n    }\n  }\n}",
} as Document<ClustersQuery, ClustersQueryVariables>;

export const AddClusterDocument = {
  name: "AddCluster",
  text: "mutation AddCluster($name: String!) {\n  addCluster(name: $name) {\n    cluster\n    token\n    hub\n    caPin\n    expiresAt\n    command\n  }\n}",
} as Document<AddClusterMutation, AddClusterMutationVariables>;

export const RemoveClusterDocument = {
  name: "RemoveCluster",
  text: "mutation RemoveCluster($name: String!) {\n  removeCluster(name: $name)\n}",
} as Document<RemoveClusterMutation, RemoveClusterMutationVariables>;

export const ProtectClusterDocument = {
  name: "ProtectCluster",
  text: "mutation ProtectCluster($name: String!, $level: Protection!) {\n  protectCluster(name: $name, level: $level) {\n    name\n    protection\n    done\n  }\n}",
} as Document<ProtectClusterMutation, ProtectClusterMutationVariables>;

export const SuspectsDocument = {
  name: "Suspects",
  text: "query Suspects($query: String!, $before: Time!, $window: Int!, $first: Int!) {\n  suspects(query: $query, before: $before, window: $window, first: $first) {\n    score\n    reasons {\n      text\n      weight\n    }\n    change {\n      cluster\n      namespace\n      kind\n      resource\n      name\n      summary\n      version {\n        id\n        ref\n        type\n        observedAt\n        changedBy\n        changedPaths\n        meaningful\n        status\n        health\n      }\n    }\n  }\n}",
} as Document<SuspectsQuery, SuspectsQueryVariables>;

export const DiffDocument = {
  name: "Diff",
  text: "query Diff($from: ID!, $to: ID!, $fromAt: Time, $toAt: Time, $noise: Boolean!) {\n  diff(from: $from, to: $to, fromAt: $fromAt, toAt: $toAt, noise: $noise) {\n    same\n    hidden\n    unified\n    changes {\n      path\n      from\n      to\n    }\n    from {\n      ref\n    }\n    to {\n      ref\n    }\n  }\n}",
} as Document<DiffQuery, DiffQueryVariables>;

export const ResourceDetailDocument = {
  name: "ResourceDetail",
  text: "query ResourceDetail($ref: ID!, $at: Time) {\n  resource(ref: $ref, at: $at) {\n    ...Row\n    version\n    uid\n    resourceVersion\n    labels\n    annotations\n    app\n    node\n    owner {\n      ref\n      kind\n      name\n    }\n    managedBy {\n      system\n      title\n      name\n      of\n      ref\n      evidence\n      effect\n      reverts\n      remedy\n    }\n    object\n    yaml\n  }\n}\nfragment Row on Resource {\n  ref\n  cluster\n  group\n  resource\n  kind\n  namespace\n  name\n  createdAt\n  changedAt\n  changedBy\n  deletedAt\n  status\n  health\n  ready\n  replicas\n  readyReplicas\n  restarts\n  images\n  reasons\n  verbs\n}",
} as Document<ResourceDetailQuery, ResourceDetailQueryVariables>;

export const ResourceYamlDocument = {
  name: "ResourceYaml",
  text: "query ResourceYaml($ref: ID!, $at: Time) {\n  resource(ref: $ref, at: $at) {\n    yaml\n  }\n}",
} as Document<ResourceYamlQuery, ResourceYamlQueryVariables>;

export const HistoryDocument = {
  name: "History",
  text: "query History($ref: ID!, $first: Int!, $after: String) {\n  history(ref: $ref, first: $first, after: $after) {\n    total\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    nodes {\n      id\n      type\n      observedAt\n      resourceVersion\n      generation\n      meaningful\n      changedPaths\n      changedBy\n      status\n      health\n      images\n    }\n  }\n}",
} as Document<HistoryQuery, HistoryQueryVariables>;

export const HistoryDiffsDocument = {
  name: "HistoryDiffs",
  text: "query HistoryDiffs($ref: ID!, $first: Int!, $after: String, $full: Boolean!) {\n  history(ref: $ref, first: $first, after: $after) {\n    nodes {\n      id\n      diff(full: $full)\n    }\n  }\n}",
} as Document<HistoryDiffsQuery, HistoryDiffsQueryVariables>;

export const RelatedDocument = {
  name: "Related",
  text: "query Related($ref: ID!, $depth: Int!, $types: [String!]) {\n  related(ref: $ref, depth: $depth, types: $types) {\n    truncated\n    width\n    height\n    nodes {\n      ref\n      kind\n      name\n      namespace\n      cluster\n      status\n      health\n      ready\n      level\n      hidden\n      x\n      y\n    }\n    edges {\n      from\n      to\n      type\n      bends {\n        x\n        y\n      }\n    }\n  }\n}",
} as Document<RelatedQuery, RelatedQueryVariables>;

export const EventsDocument = {
  name: "Events",
  text: "query Events($query: String!, $from: Time!, $to: Time, $first: Int!, $after: String) {\n  events(query: $query, from: $from, to: $to, first: $first, after: $after) {\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    coverage {\n      ...CoverageParts\n    }\n    nodes {\n      uid\n      cluster\n      namespace\n      type\n      reason\n      message\n      source\n      count\n      firstAt\n      lastAt\n      regardingKind\n      regardingName\n      regarding\n    }\n  }\n}\nfragment CoverageParts on Coverage {\n  asked\n  answered\n  stale\n  clusters {\n    cluster\n    state\n    asOf\n    reason\n  }\n  missing\n}",
} as Document<EventsQuery, EventsQueryVariables>;

export const ChangesDocument = {
  name: "Changes",
  text: "query Changes($query: String!, $from: Time!, $to: Time, $first: Int!, $after: String) {\n  changes(query: $query, from: $from, to: $to, first: $first, after: $after) {\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    coverage {\n      ...CoverageParts\n    }\n    nodes {\n      cluster\n      namespace\n      kind\n      resource\n      name\n      summary\n      version {\n        id\n        ref\n        type\n        observedAt\n        changedBy\n        changedPaths\n        meaningful\n        status\n        health\n      }\n    }\n  }\n}\nfragment CoverageParts on Coverage {\n  asked\n  answered\n  stale\n  clusters {\n    cluster\n    state\n    asOf\n    reason\n  }\n  missing\n}",
} as Document<ChangesQuery, ChangesQueryVariables>;

export const RevisionsDocument = {
  name: "Revisions",
  text: "query Revisions($query: String!) {\n  search(query: $query, first: 50) {\n    nodes {\n      ref\n      name\n      createdAt\n      annotations\n      images\n      object\n    }\n  }\n}",
} as Document<RevisionsQuery, RevisionsQueryVariables>;

export const VerdictDocument = {
  name: "Verdict",
  text: "query Verdict($ref: ID!, $verb: ActionVerb!) {\n  resource(ref: $ref) {\n    verdict(verb: $verb) {\n      reverts\n      by\n      afterSeconds\n      sentence\n      remedy\n      warnings\n      evict\n      at\n    }\n  }\n}",
} as Document<VerdictQuery, VerdictQueryVariables>;

export const SavedSearchesDocument = {
  name: "SavedSearches",
  text: "query SavedSearches {\n  savedSearches {\n    ...SavedParts\n  }\n}\nfragment SavedParts on SavedSearch {\n  id\n  name\n  description\n  query\n  page\n  owner\n  shared\n  mine\n  createdAt\n  updatedAt\n}",
} as Document<SavedSearchesQuery, SavedSearchesQueryVariables>;

export const SaveSearchDocument = {
  name: "SaveSearch",
  text: "mutation SaveSearch($input: SavedSearchInput!) {\n  saveSearch(input: $input) {\n    ...SavedParts\n  }\n}\nfragment SavedParts on SavedSearch {\n  id\n  name\n  description\n  query\n  page\n  owner\n  shared\n  mine\n  createdAt\n  updatedAt\n}",
} as Document<SaveSearchMutation, SaveSearchMutationVariables>;

export const DeleteSavedSearchDocument = {
  name: "DeleteSavedSearch",
  text: "mutation DeleteSavedSearch($id: ID!) {\n  deleteSavedSearch(id: $id)\n}",
} as Document<DeleteSavedSearchMutation, DeleteSavedSearchMutationVariables>;

export const SearchDocument = {
  name: "Search",
  text: "query Search($query: String!, $first: Int!, $after: String) {\n  search(query: $query, first: $first, after: $after) {\n    total\n    nodes {\n      ...Row\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    groups {\n      values\n      count\n      ready\n      notReady\n    }\n    coverage {\n      ...CoverageParts\n    }\n    tookMs\n    engine\n  }\n}\nfragment Row on Resource {\n  ref\n  cluster\n  group\n  resource\n  kind\n  namespace\n  name\n  createdAt\n  changedAt\n  changedBy\n  deletedAt\n  status\n  health\n  ready\n  replicas\n  readyReplicas\n  restarts\n  images\n  reasons\n  verbs\n}\nfragment CoverageParts on Coverage {\n  asked\n  answered\n  stale\n  clusters {\n    cluster\n    state\n    asOf\n    reason\n  }\n  missing\n}",
} as Document<SearchQuery, SearchQueryVariables>;

export const FacetsDocument = {
  name: "Facets",
  text: "query Facets($query: String!, $facets: [String!]!) {\n  search(query: $query, first: 1, facets: $facets) {\n    facets {\n      field\n      distinct\n      values {\n        value\n        count\n      }\n    }\n  }\n}",
} as Document<FacetsQuery, FacetsQueryVariables>;

export const ChangeDensityDocument = {
  name: "ChangeDensity",
  text: "query ChangeDensity($query: String!, $from: Time!, $to: Time, $parts: Int!) {\n  changeDensity(query: $query, from: $from, to: $to, parts: $parts) {\n    counts\n    oldest\n  }\n}",
} as Document<ChangeDensityQuery, ChangeDensityQueryVariables>;

export const SearchCompleteDocument = {
  name: "SearchComplete",
  text: "query SearchComplete($query: String!, $cursor: Int!, $page: String!) {\n  searchComplete(query: $query, cursor: $cursor, page: $page) {\n    text\n    label\n    type\n    detail\n    count\n    from\n    to\n  }\n}",
} as Document<SearchCompleteQuery, SearchCompleteQueryVariables>;

export const SearchExplainDocument = {
  name: "SearchExplain",
  text: "query SearchExplain($query: String!, $page: String!) {\n  searchExplain(query: $query, page: $page) {\n    engine\n    canonical\n    terms\n    error {\n      code\n      message\n      fix\n      from\n      to\n    }\n  }\n}",
} as Document<SearchExplainQuery, SearchExplainQueryVariables>;

export const ResourceChangesDocument = {
  name: "ResourceChanges",
  text: "subscription ResourceChanges($query: String!) {\n  resourceChanges(query: $query) {\n    type\n    ref\n    observedAt\n    resource {\n      ...Row\n    }\n  }\n}\nfragment Row on Resource {\n  ref\n  cluster\n  group\n  resource\n  kind\n  namespace\n  name\n  createdAt\n  changedAt\n  changedBy\n  deletedAt\n  status\n  health\n  ready\n  replicas\n  readyReplicas\n  restarts\n  images\n  reasons\n  verbs\n}",
} as Document<ResourceChangesSubscription, ResourceChangesSubscriptionVariables>;

export const KindsDocument = {
  name: "Kinds",
  text: "query Kinds {\n  kinds {\n    group\n    resource\n    kind\n    shortNames\n  }\n}",
} as Document<KindsQuery, KindsQueryVariables>;
