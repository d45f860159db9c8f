import { infiniteQueryOptions, queryOptions, type QueryClient } from "@tanstack/react-query";
import { ask } from "./client";
import {
  EventsDocument,
  HistoryDiffsDocument,
  HistoryDocument,
  RelatedDocument,
  ResourceChangesDocument,
  ResourceDetailDocument,
  ResourceYamlDocument,
  RevisionsDocument,
  VerdictDocument,
  type ActionVerb,
  type EventsQuery,
  type HistoryQuery,
  type RelatedQuery,
  type ResourceDetailQuery,
} from "./generated";
import { follow } from "./socket";

export type Resource = NonNullable<ResourceDetailQuery["resource"]>;
export type Version = HistoryQuery["history"]["nodes"][number];
export type Relations = RelatedQuery["related"];
export type KubeEvent = EventsQuery["events"]["nodes"][number];

export function resource(ref: string, at?: string) {
  return queryOptions({
    queryKey: ["resource", ref, at ?? ""],
    queryFn: async ({ signal }) => (await ask(ResourceDetailDocument, { ref, at: at ?? null }, signal)).resource,
    staleTime: at ? 300_000 : 2_000,
  });
}

export function yamlAt(ref: string, at: string) {
  return queryOptions({
    queryKey: ["yaml", ref, at],
    queryFn: async ({ signal }) => (await ask(ResourceYamlDocument, { ref, at }, signal)).resource?.yaml ?? null,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

const historyPage = 50;

export function history(ref: string) {
  return infiniteQueryOptions({
    queryKey: ["history", ref],
    queryFn: async ({ pageParam, signal }) =>
      (await ask(HistoryDocument, { ref, first: historyPage, after: pageParam }, signal)).history,
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.pageInfo.hasNextPage ? last.pageInfo.endCursor : null),
    staleTime: 2_000,
  });
}

/** What becomes of a verb that is done to the object directly. */
export function verdict(ref: string, verb: ActionVerb) {
  return queryOptions({
    queryKey: ["verdict", ref, verb],
    queryFn: async ({ signal }) => (await ask(VerdictDocument, { ref, verb }, signal)).resource?.verdict ?? null,
    staleTime: 5_000,
    retry: false,
  });
}

/** What a workload's revisions are kept in. */
export function keptRevisions(query: string) {
  return queryOptions({
    queryKey: ["revisions", query],
    queryFn: async ({ signal }) => (await ask(RevisionsDocument, { query }, signal)).search.nodes,
    staleTime: 5_000,
  });
}

/** Diffs of one page of the history, by version. */
export function diffs(ref: string, after: string | null, newest: string, full: boolean) {
  return queryOptions({
    queryKey: ["diffs", ref, after ?? "", newest, full],
    queryFn: async ({ signal }) => {
      const page = await ask(HistoryDiffsDocument, { ref, first: historyPage, after, full }, signal);
      return new Map(page.history.nodes.map((v) => [v.id, v.diff]));
    },
    staleTime: 60_000,
  });
}

/** Types are those of edges; null for all. */
export function related(ref: string, depth: number, types: string[] | null) {
  return queryOptions({
    queryKey: ["related", ref, depth, types?.join(" ") ?? ""],
    queryFn: async ({ signal }) => (await ask(RelatedDocument, { ref, depth, types }, signal)).related,
    staleTime: 2_000,
  });
}

/** Events that match the query since from, which is rounded so that a page asks the same thing twice. */
export function events(query: string, from: string) {
  return infiniteQueryOptions({
    queryKey: ["events", query, from],
    queryFn: async ({ pageParam, signal }) =>
      (await ask(EventsDocument, { query, from, to: null, first: 100, after: pageParam }, signal)).events,
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.pageInfo.hasNextPage ? last.pageInfo.endCursor : null),
    staleTime: 2_000,
  });
}

const aboutObject = new Set<unknown>(["resource", "history", "related", "events"]);

/** Asks anew when the object changes, at most once a second, until the answer is called. */
export function followResource(client: QueryClient, uid: string): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = follow(
    ResourceChangesDocument,
    { query: `uid:${uid}` },
    {
      next: () => {
        timer ??= setTimeout(() => {
          timer = undefined;
          void client.invalidateQueries({ predicate: (q) => aboutObject.has(q.queryKey[0]) });
        }, 1_000);
      },
    },
  );
  return () => {
    stop();
    clearTimeout(timer);
  };
}
