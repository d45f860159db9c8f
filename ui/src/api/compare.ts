import { queryOptions } from "@tanstack/react-query";
import { ask } from "./client";
import { DiffDocument, SuspectsDocument, type DiffQuery, type SuspectsQuery } from "./generated";

export type Suspect = SuspectsQuery["suspects"][number];
export type Diff = DiffQuery["diff"];

/** Changes in the seconds before a moment that may have broken what the query finds, the most suspect first. */
export function suspects(query: string, before: string, window: number, first = 20) {
  return queryOptions({
    queryKey: ["suspects", query, before, window, first],
    queryFn: async ({ signal }) => (await ask(SuspectsDocument, { query, before, window, first }, signal)).suspects,
    staleTime: 15_000,
    retry: false,
  });
}

/** One side of a comparison: an object, now or at a moment. */
export interface Side {
  ref: string;
  at: string | null;
}

export function diff(from: Side, to: Side, noise: boolean) {
  return queryOptions({
    queryKey: ["diff", from.ref, from.at ?? "", to.ref, to.at ?? "", noise],
    queryFn: async ({ signal }) =>
      (await ask(DiffDocument, { from: from.ref, fromAt: from.at, to: to.ref, toAt: to.at, noise }, signal)).diff,
    staleTime: from.at !== null && to.at !== null ? Number.POSITIVE_INFINITY : 5_000,
    retry: false,
  });
}
