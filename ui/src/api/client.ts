import type { Document } from "./document";
import { ApiError, errorOf, offline, unauthenticated } from "./error";

/** Asks the hub one operation. Every failure is an ApiError; an aborted request rejects with the signal's reason. */
export async function ask<Result, Variables>(
  document: Document<Result, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Result> {
  const response = await post("/graphql", { query: document.text, operationName: document.name, variables }, signal);
  if (response.status === 401) throw unauthenticated();
  const answer = await json(response, signal);
  if (answer.errors !== undefined || answer.data === undefined || answer.data === null) throw errorOf(answer.errors);
  return answer.data as Result;
}

/** Trades the token for a session cookie. */
export async function login(token: string): Promise<void> {
  const response = await post("/login", { token });
  if (response.ok) return;
  const answer = await json(response);
  throw new ApiError(
    typeof answer.code === "string" ? answer.code : "INTERNAL",
    typeof answer.message === "string" ? answer.message : `The hub answered ${response.status}.`,
    typeof answer.fix === "string" ? answer.fix : "",
  );
}

export async function logout(): Promise<void> {
  await post("/logout", {});
}

async function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "same-origin",
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw offline();
  }
}

async function json(response: Response, signal?: AbortSignal): Promise<Record<string, unknown>> {
  try {
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null) return body as Record<string, unknown>;
  } catch (error) {
    if (signal?.aborted) throw error;
  }
  if (response.status === 502 || response.status === 503 || response.status === 504) throw offline();
  throw new ApiError(
    "BAD_ANSWER",
    `The hub answered ${response.status} with something that is not JSON.`,
    "See that the address leads to the hub and not to a proxy's page.",
  );
}
