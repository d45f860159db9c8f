import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";
import { ask } from "./client";
import { ChangesDocument, type ChangesQuery } from "./generated";

export type Change = ChangesQuery["changes"]["nodes"][number];

export function changePages(query: string, from: string, to: string | null) {
  return infiniteQueryOptions({
    queryKey: ["changes", query, from, to ?? ""],
    queryFn: async ({ pageParam, signal }) =>
      (await ask(ChangesDocument, { query, from, to, first: 100, after: pageParam }, signal)).changes,
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.pageInfo.hasNextPage ? last.pageInfo.endCursor : null),
    placeholderData: keepPreviousData,
    staleTime: 2_000,
  });
}
