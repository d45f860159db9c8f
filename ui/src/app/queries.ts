import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "../api/error";

/** The cache of answers. onLogout is called when the hub asks for a token. */
export function newQueryClient(onLogout: () => void): QueryClient {
  const onError = (error: unknown): void => {
    if (error instanceof ApiError && error.code === "UNAUTHENTICATED") onLogout();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // The hub is often on this machine: whether there is an Internet says nothing.
        networkMode: "always",
        retry: (failures, error) =>
          error instanceof ApiError && (error.offline || error.code === "UNAVAILABLE") && failures < 2,
        retryDelay: 700,
        // A hub that was away is asked again until it answers.
        refetchInterval: (query) =>
          query.state.error instanceof ApiError && query.state.error.offline ? 3_000 : false,
        refetchOnWindowFocus: true,
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
}
