import { createClient, type Client } from "graphql-ws";
import type { Document } from "./document";
import { ApiError, asApiError, errorOf } from "./error";

/** The one socket of this tab. It opens with the first subscription and closes after the last. */
let client: Client | undefined;

function socket(): Client {
  client ??= createClient({
    url: () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
    lazyCloseTimeout: 3_000,
    keepAlive: 15_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: async (retries) => {
      const ms = Math.min(500 * 2 ** Math.min(retries, 5), 10_000);
      await new Promise((done) => setTimeout(done, ms + Math.random() * 300));
    },
    shouldRetry: () => true,
  });
  return client;
}

export interface Sink<Result> {
  next: (result: Result) => void;
  error?: (error: ApiError) => void;
  complete?: () => void;
}

/** Follows a subscription until the answer is called. Lost connections are taken up again on their own. */
export function follow<Result, Variables extends Record<string, unknown>>(
  document: Document<Result, Variables>,
  variables: Variables,
  sink: Sink<Result>,
): () => void {
  return socket().subscribe<Result>(
    { query: document.text, operationName: document.name, variables },
    {
      next: (value) => {
        if (value.errors) sink.error?.(errorOf(value.errors));
        else if (value.data) sink.next(value.data);
      },
      error: (error) => sink.error?.(Array.isArray(error) ? errorOf(error) : asApiError(error)),
      complete: () => sink.complete?.(),
    },
  );
}
