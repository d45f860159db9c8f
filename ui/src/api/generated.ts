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
  text: "query Action($id:ID!){action(id:$id){...ActionParts}}fragment ActionParts on Action{...ActionHead targets{...TargetMove diff}}fragment ActionHead on Action{id verb state title reason actor createdAt startedAt finishedAt confirmPhrase protection needsApproval canApprove approvals{by at}warnings undoes undoneBy retries retriedBy canUndo canRetry parameters waves{parallel size pauseSeconds maxFailures byCluster count}wave nextWaveAt done failed total}fragment TargetMove on ActionTarget{ref wave uid resourceVersion state message warnings change canUndo desired updated readyReplicas startedAt finishedAt}",
} as Document<ActionQuery, ActionQueryVariables>;

export const ActionsDocument = {
  name: "Actions",
  text: "query Actions($query:String!$first:Int!$after:String){actions(query:$query first:$first after:$after){pageInfo{hasNextPage endCursor}nodes{id verb state title reason actor createdAt startedAt finishedAt undoes undoneBy retries retriedBy needsApproval wave nextWaveAt waves{count}done failed total}}}",
} as Document<ActionsQuery, ActionsQueryVariables>;

export const PlanActionDocument = {
  name: "PlanAction",
  text: "mutation PlanAction($input:ActionInput!){planAction(input:$input){...ActionParts}}fragment ActionParts on Action{...ActionHead targets{...TargetMove diff}}fragment ActionHead on Action{id verb state title reason actor createdAt startedAt finishedAt confirmPhrase protection needsApproval canApprove approvals{by at}warnings undoes undoneBy retries retriedBy canUndo canRetry parameters waves{parallel size pauseSeconds maxFailures byCluster count}wave nextWaveAt done failed total}fragment TargetMove on ActionTarget{ref wave uid resourceVersion state message warnings change canUndo desired updated readyReplicas startedAt finishedAt}",
} as Document<PlanActionMutation, PlanActionMutationVariables>;

export const RunActionDocument = {
  name: "RunAction",
  text: "mutation RunAction($id:ID!$confirm:String){runAction(id:$id confirm:$confirm){...ActionParts}}fragment ActionParts on Action{...ActionHead targets{...TargetMove diff}}fragment ActionHead on Action{id verb state title reason actor createdAt startedAt finishedAt confirmPhrase protection needsApproval canApprove approvals{by at}warnings undoes undoneBy retries retriedBy canUndo canRetry parameters waves{parallel size pauseSeconds maxFailures byCluster count}wave nextWaveAt done failed total}fragment TargetMove on ActionTarget{ref wave uid resourceVersion state message warnings change canUndo desired updated readyReplicas startedAt finishedAt}",
} as Document<RunActionMutation, RunActionMutationVariables>;

export const StopActionDocument = {
  name: "StopAction",
  text: "mutation StopAction($id:ID!){stopAction(id:$id){...ActionParts}}fragment ActionParts on Action{...ActionHead targets{...TargetMove diff}}fragment ActionHead on Action{id verb state title reason actor createdAt startedAt finishedAt confirmPhrase protection needsApproval canApprove approvals{by at}warnings undoes undoneBy retries retriedBy canUndo canRetry parameters waves{parallel size pauseSeconds maxFailures byCluster count}wave nextWaveAt done failed total}fragment TargetMove on ActionTarget{ref wave uid resourceVersion state message warnings change canUndo desired updated readyReplicas startedAt finishedAt}",
} as Document<StopActionMutation, StopActionMutationVariables>;

export const UndoActionDocument = {
  name: "UndoAction",
  text: "mutation UndoAction($id:ID!){undoAction(id:$id){...ActionParts}}fragment ActionParts on Action{...ActionHead targets{...TargetMove diff}}fragment ActionHead on Action{id verb state title reason actor createdAt startedAt finishedAt confirmPhrase protection needsApproval canApprove approvals{by at}warnings undoes undoneBy retries retriedBy canUndo canRetry parameters waves{parallel size pauseSeconds maxFailures byCluster count}wave nextWaveAt done failed total}fragment TargetMove on ActionTarget{ref wave uid resourceVersion state message warnings change canUndo desired updated readyReplicas startedAt finishedAt}",
} as Document<UndoActionMutation, UndoActionMutationVariables>;

export const ApproveActionDocument = {
  name: "ApproveAction",
  text: "mutation ApproveAction($id:ID!){approveAction(id:$id){...ActionParts}}fragment ActionParts on Action{...ActionHead targets{...TargetMove diff}}fragment ActionHead on Action{id verb state title reason actor createdAt startedAt finishedAt confirmPhrase protection needsApproval canApprove approvals{by at}warnings undoes undoneBy retries retriedBy canUndo canRetry parameters waves{parallel size pauseSeconds maxFailures byCluster count}wave nextWaveAt done failed total}fragment TargetMove on ActionTarget{ref wave uid resourceVersion state message warnings change canUndo desired updated readyReplicas startedAt finishedAt}",
} as Document<ApproveActionMutation, ApproveActionMutationVariables>;

export const RetryActionDocument = {
  name: "RetryAction",
  text: "mutation RetryAction($id:ID!){retryAction(id:$id){...ActionParts}}fragment ActionParts on Action{...ActionHead targets{...TargetMove diff}}fragment ActionHead on Action{id verb state title reason actor createdAt startedAt finishedAt confirmPhrase protection needsApproval canApprove approvals{by at}warnings undoes undoneBy retries retriedBy canUndo canRetry parameters waves{parallel size pauseSeconds maxFailures byCluster count}wave nextWaveAt done failed total}fragment TargetMove on ActionTarget{ref wave uid resourceVersion state message warnings change canUndo desired updated readyReplicas startedAt finishedAt}",
} as Document<RetryActionMutation, RetryActionMutationVariables>;

export const ActionProgressDocument = {
  name: "ActionProgress",
  text: "subscription ActionProgress($id:ID!){actionProgress(id:$id){...ActionHead targets{...TargetMove}}}fragment ActionHead on Action{id verb state title reason actor createdAt startedAt finishedAt confirmPhrase protection needsApproval canApprove approvals{by at}warnings undoes undoneBy retries retriedBy canUndo canRetry parameters waves{parallel size pauseSeconds maxFailures byCluster count}wave nextWaveAt done failed total}fragment TargetMove on ActionTarget{ref wave uid resourceVersion state message warnings change canUndo desired updated readyReplicas startedAt finishedAt}",
} as Document<ActionProgressSubscription, ActionProgressSubscriptionVariables>;

export const AuditDocument = {
  name: "Audit",
  text: "query Audit($query:String!$first:Int!$after:String){audit(query:$query first:$first after:$after){total pageInfo{hasNextPage endCursor}nodes{seq at action actor source verb phase cluster namespace resource name uid ref result reason detail prevHash hash}}}",
} as Document<AuditQuery, AuditQueryVariables>;

export const AuditStateDocument = {
  name: "AuditState",
  text: "query AuditState{auditState{seq hash first checkpoint{seq at key}keys}}",
} as Document<AuditStateQuery, AuditStateQueryVariables>;

export const AuditVerificationDocument = {
  name: "AuditVerification",
  text: "query AuditVerification{auditVerification{whole rows rowsBefore checkpoints findings tookMs}}",
} as Document<AuditVerificationQuery, AuditVerificationQueryVariables>;

export const ViewerDocument = {
  name: "Viewer",
  text: "query Viewer{viewer{user version clusters}}",
} as Document<ViewerQuery, ViewerQueryVariables>;

export const ClustersDocument = {
  name: "Clusters",
  text: "query Clusters{clusters{name uid mode state reason asOf lagMs kubernetesVersion labels objects nodes pods namespaces addedAt protection resources{group version resource kind state reason objects}}}",
} as Document<ClustersQuery, ClustersQueryVariables>;

export const AddClusterDocument = {
  name: "AddCluster",
  text: "mutation AddCluster($name:String!){addCluster(name:$name){cluster token hub caPin expiresAt command}}",
} as Document<AddClusterMutation, AddClusterMutationVariables>;

export const RemoveClusterDocument = {
  name: "RemoveCluster",
  text: "mutation RemoveCluster($name:String!){removeCluster(name:$name)}",
} as Document<RemoveClusterMutation, RemoveClusterMutationVariables>;

export const ProtectClusterDocument = {
  name: "ProtectCluster",
  text: "mutation ProtectCluster($name:String!$level:Protection!){protectCluster(name:$name level:$level){name protection done}}",
} as Document<ProtectClusterMutation, ProtectClusterMutationVariables>;

export const SuspectsDocument = {
  name: "Suspects",
  text: "query Suspects($query:String!$before:Time!$window:Int!$first:Int!){suspects(query:$query before:$before window:$window first:$first){score reasons{text weight}change{cluster namespace kind resource name summary version{id ref type observedAt changedBy changedPaths meaningful status health}}}}",
} as Document<SuspectsQuery, SuspectsQueryVariables>;

export const DiffDocument = {
  name: "Diff",
  text: "query Diff($from:ID!$to:ID!$fromAt:Time$toAt:Time$noise:Boolean!){diff(from:$from to:$to fromAt:$fromAt toAt:$toAt noise:$noise){same hidden unified changes{path from to}from{ref}to{ref}}}",
} as Document<DiffQuery, DiffQueryVariables>;

export const ResourceDetailDocument = {
  name: "ResourceDetail",
  text: "query ResourceDetail($ref:ID!$at:Time){resource(ref:$ref at:$at){...Row version uid resourceVersion labels annotations app node owner{ref kind name}managedBy{system title name of ref evidence effect reverts remedy}object yaml}}fragment Row on Resource{ref cluster group resource kind namespace name createdAt changedAt changedBy deletedAt status health ready replicas readyReplicas restarts images reasons verbs}",
} as Document<ResourceDetailQuery, ResourceDetailQueryVariables>;

export const ResourceYamlDocument = {
  name: "ResourceYaml",
  text: "query ResourceYaml($ref:ID!$at:Time){resource(ref:$ref at:$at){yaml}}",
} as Document<ResourceYamlQuery, ResourceYamlQueryVariables>;

export const HistoryDocument = {
  name: "History",
  text: "query History($ref:ID!$first:Int!$after:String){history(ref:$ref first:$first after:$after){total pageInfo{hasNextPage endCursor}nodes{id type observedAt resourceVersion generation meaningful changedPaths changedBy status health images}}}",
} as Document<HistoryQuery, HistoryQueryVariables>;

export const HistoryDiffsDocument = {
  name: "HistoryDiffs",
  text: "query HistoryDiffs($ref:ID!$first:Int!$after:String$full:Boolean!){history(ref:$ref first:$first after:$after){nodes{id diff(full:$full)}}}",
} as Document<HistoryDiffsQuery, HistoryDiffsQueryVariables>;

export const RelatedDocument = {
  name: "Related",
  text: "query Related($ref:ID!$depth:Int!$types:[String!]){related(ref:$ref depth:$depth types:$types){truncated width height nodes{ref kind name namespace cluster status health ready level hidden x y}edges{from to type bends{x y}}}}",
} as Document<RelatedQuery, RelatedQueryVariables>;

export const EventsDocument = {
  name: "Events",
  text: "query Events($query:String!$from:Time!$to:Time$first:Int!$after:String){events(query:$query from:$from to:$to first:$first after:$after){pageInfo{hasNextPage endCursor}coverage{...CoverageParts}nodes{uid cluster namespace type reason message source count firstAt lastAt regardingKind regardingName regarding}}}fragment CoverageParts on Coverage{asked answered stale clusters{cluster state asOf reason}missing}",
} as Document<EventsQuery, EventsQueryVariables>;

export const ChangesDocument = {
  name: "Changes",
  text: "query Changes($query:String!$from:Time!$to:Time$first:Int!$after:String){changes(query:$query from:$from to:$to first:$first after:$after){pageInfo{hasNextPage endCursor}coverage{...CoverageParts}nodes{cluster namespace kind resource name summary version{id ref type observedAt changedBy changedPaths meaningful status health}}}}fragment CoverageParts on Coverage{asked answered stale clusters{cluster state asOf reason}missing}",
} as Document<ChangesQuery, ChangesQueryVariables>;

export const RevisionsDocument = {
  name: "Revisions",
  text: "query Revisions($query:String!){search(query:$query first:50){nodes{ref name createdAt annotations images object}}}",
} as Document<RevisionsQuery, RevisionsQueryVariables>;

export const VerdictDocument = {
  name: "Verdict",
  text: "query Verdict($ref:ID!$verb:ActionVerb!){resource(ref:$ref){verdict(verb:$verb){reverts by afterSeconds sentence remedy warnings evict at}}}",
} as Document<VerdictQuery, VerdictQueryVariables>;

export const SavedSearchesDocument = {
  name: "SavedSearches",
  text: "query SavedSearches{savedSearches{...SavedParts}}fragment SavedParts on SavedSearch{id name description query page owner shared mine createdAt updatedAt}",
} as Document<SavedSearchesQuery, SavedSearchesQueryVariables>;

export const SaveSearchDocument = {
  name: "SaveSearch",
  text: "mutation SaveSearch($input:SavedSearchInput!){saveSearch(input:$input){...SavedParts}}fragment SavedParts on SavedSearch{id name description query page owner shared mine createdAt updatedAt}",
} as Document<SaveSearchMutation, SaveSearchMutationVariables>;

export const DeleteSavedSearchDocument = {
  name: "DeleteSavedSearch",
  text: "mutation DeleteSavedSearch($id:ID!){deleteSavedSearch(id:$id)}",
} as Document<DeleteSavedSearchMutation, DeleteSavedSearchMutationVariables>;

export const SearchDocument = {
  name: "Search",
  text: "query Search($query:String!$first:Int!$after:String){search(query:$query first:$first after:$after){total nodes{...Row}pageInfo{hasNextPage endCursor}groups{values count ready notReady}coverage{...CoverageParts}tookMs engine}}fragment Row on Resource{ref cluster group resource kind namespace name createdAt changedAt changedBy deletedAt status health ready replicas readyReplicas restarts images reasons verbs}fragment CoverageParts on Coverage{asked answered stale clusters{cluster state asOf reason}missing}",
} as Document<SearchQuery, SearchQueryVariables>;

export const FacetsDocument = {
  name: "Facets",
  text: "query Facets($query:String!$facets:[String!]!){search(query:$query first:1 facets:$facets){facets{field distinct values{value count}}}}",
} as Document<FacetsQuery, FacetsQueryVariables>;

export const ChangeDensityDocument = {
  name: "ChangeDensity",
  text: "query ChangeDensity($query:String!$from:Time!$to:Time$parts:Int!){changeDensity(query:$query from:$from to:$to parts:$parts){counts oldest}}",
} as Document<ChangeDensityQuery, ChangeDensityQueryVariables>;

export const SearchCompleteDocument = {
  name: "SearchComplete",
  text: "query SearchComplete($query:String!$cursor:Int!$page:String!){searchComplete(query:$query cursor:$cursor page:$page){text label type detail count from to}}",
} as Document<SearchCompleteQuery, SearchCompleteQueryVariables>;

export const SearchExplainDocument = {
  name: "SearchExplain",
  text: "query SearchExplain($query:String!$page:String!){searchExplain(query:$query page:$page){engine canonical terms error{code message fix from to}}}",
} as Document<SearchExplainQuery, SearchExplainQueryVariables>;

export const ResourceChangesDocument = {
  name: "ResourceChanges",
  text: "subscription ResourceChanges($query:String!){resourceChanges(query:$query){type ref observedAt resource{...Row}}}fragment Row on Resource{ref cluster group resource kind namespace name createdAt changedAt changedBy deletedAt status health ready replicas readyReplicas restarts images reasons verbs}",
} as Document<ResourceChangesSubscription, ResourceChangesSubscriptionVariables>;

export const KindsDocument = {
  name: "Kinds",
  text: "query Kinds{kinds{group resource kind shortNames}}",
} as Document<KindsQuery, KindsQueryVariables>;
