import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  type InfiniteData,
  type QueryClient,
} from "@tanstack/react-query";
import { ask } from "./client";
import {
  ChangeDensityDocument,
  FacetsDocument,
  KindsDocument,
  SearchCompleteDocument,
  SearchDocument,
  SearchExplainDocument,
  type ChangeDensityQuery,
  type FacetsQuery,
  type ResourceChangesSubscription,
  type RowFragment,
  type SearchQuery,
} from "./generated";

export type Row = RowFragment;
export type Coverage = SearchQuery["search"]["coverage"];
export type FacetData = FacetsQuery["search"]["facets"][number];
export type ResourceChange = ResourceChangesSubscription["resourceChanges"];
export type Density = ChangeDensityQuery["changeDensity"];

export const pageSize = 100;

/** Pages of a search by cursor. */
export function searchPages(query: string) {
  return infiniteQueryOptions({
    queryKey: ["search", query],
    queryFn: async ({ pageParam, signal }) =>
      (await ask(SearchDocument, { query, first: pageSize, after: pageParam }, signal)).search,
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.pageInfo.hasNextPage ? last.pageInfo.endCursor : null),
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });
}

/** The first rows alone, best first: what somebody who types wants to open. */
export function firstRows(query: string, first: number) {
  return queryOptions({
    queryKey: ["first", query, first],
    queryFn: async ({ signal }) => (await ask(SearchDocument, { query, first, after: null }, signal)).search,
    placeholderData: keepPreviousData,
    staleTime: 5_000,
    gcTime: 30_000,
    retry: false,
  });
}

/** Counts by field over what matches. They are asked beside the rows, so that none waits for the other. */
export function facets(query: string, fields: readonly string[]) {
  return queryOptions({
    queryKey: ["facets", query, fields.join(" ")],
    queryFn: async ({ signal }) => (await ask(FacetsDocument, { query, facets: [...fields] }, signal)).search.facets,
    placeholderData: keepPreviousData,
    staleTime: 5_000,
    retry: false,
  });
}

/** How many changes each part of a time had. */
export function density(query: string, from: string, to: string, parts: number) {
  return queryOptions({
    queryKey: ["density", query, from, to, parts],
    queryFn: async ({ signal }) => (await ask(ChangeDensityDocument, { query, from, to, parts }, signal)).changeDensity,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  });
}

type Pages = InfiniteData<SearchQuery["search"]>;

/** Puts a changed object in place of its row. False when no loaded page has it. */
export function patchRow(client: QueryClient, query: string, row: Row): boolean {
  let found = false;
  client.setQueryData(searchPages(query).queryKey, (data: Pages | undefined) => {
    if (!data) return data;
    const pages = data.pages.map((page) => {
      const at = page.nodes.findIndex((n) => n.ref === row.ref);
      if (at < 0) return page;
      found = true;
      return { ...page, nodes: page.nodes.with(at, row) };
    });
    return found ? { ...data, pages } : data;
  });
  return found;
}

/** What a query is asked of: some fields are of changes alone. */
export type QueryPage = "resources" | "changes";

export function completions(query: string, cursor: number, page: QueryPage = "resources") {
  return queryOptions({
    queryKey: ["complete", page, query, cursor],
    queryFn: async ({ signal }) => (await ask(SearchCompleteDocument, { query, cursor, page }, signal)).searchComplete,
    staleTime: 10_000,
    gcTime: 30_000,
    retry: false,
  });
}

export function explanation(query: string, page: QueryPage = "resources") {
  return queryOptions({
    queryKey: ["explain", page, query],
    queryFn: async ({ signal }) => (await ask(SearchExplainDocument, { query, page }, signal)).searchExplain,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  });
}

/** What the members serve: it changes when a CRD comes or goes. */
export function kinds() {
  return queryOptions({
    queryKey: ["kinds"],
    queryFn: async ({ signal }) => (await ask(KindsDocument, {}, signal)).kinds,
    staleTime: 300_000,
  });
}
