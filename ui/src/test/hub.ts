import { vi } from "vitest";
import type { Scenario } from "./scenarios";

export interface Asked {
  operation: string;
  variables: Record<string, unknown>;
}

/** Stands in for the hub at the one place where the page speaks to it; answers what it was asked so far. */
export function fakeHub(scenario: Scenario, status = 200): Asked[] {
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    const body = JSON.parse(String(init.body));
    if (path !== "/graphql") {
      asked.push({ operation: path, variables: body });
      return new Response(null, { status: 204 });
    }
    asked.push({ operation: body.operationName, variables: body.variables });
    if (status !== 200)
      return Response.json({ code: "UNAUTHENTICATED", message: "This hub needs a token." }, { status });
    const answer = scenario[body.operationName];
    if (!answer) throw new Error(`the scenario has no answer to ${body.operationName}`);
    return Response.json(answer(body.variables));
  });
  vi.stubGlobal("WebSocket", SilentSocket);
  return asked;
}

/** A hub that cannot be reached. */
export function noHub(): void {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  vi.stubGlobal("WebSocket", SilentSocket);
}

/** A socket that never opens. */
class SilentSocket {
  readyState = 0;
  close(): void {}
  send(): void {}
  addEventListener(): void {}
}
