import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { ask } from "./client";
import {
  DeleteSavedSearchDocument,
  SavedSearchesDocument,
  SaveSearchDocument,
  type SavedPartsFragment,
  type SavedSearchInput,
} from "./generated";

export type Saved = SavedPartsFragment;

/** Searches that were given a name: one's own, and those that others share. */
export function savedSearches() {
  return queryOptions({
    queryKey: ["saved"],
    queryFn: async ({ signal }) => (await ask(SavedSearchesDocument, {}, signal)).savedSearches,
    staleTime: 30_000,
    retry: false,
  });
}

/** Creates one, or replaces that with the id. */
export async function saveSearch(client: QueryClient, input: SavedSearchInput): Promise<Saved> {
  const { saveSearch: saved } = await ask(SaveSearchDocument, { input });
  await client.invalidateQueries({ queryKey: savedSearches().queryKey });
  return saved;
}

export async function deleteSavedSearch(client: QueryClient, id: string): Promise<void> {
  await ask(DeleteSavedSearchDocument, { id });
  await client.invalidateQueries({ queryKey: savedSearches().queryKey });
}
