import { infiniteQueryOptions, queryOptions, type QueryClient } from "@tanstack/react-query";
import { ask } from "./client";
import {
  ActionDocument,
  ActionProgressDocument,
  ActionsDocument,
  ApproveActionDocument,
  PlanActionDocument,
  RetryActionDocument,
  RunActionDocument,
  StopActionDocument,
  UndoActionDocument,
  type ActionInput,
  type ActionPartsFragment,
  type ActionProgressSubscription,
  type ActionState,
  type ActionsQuery,
} from "./generated";
import { follow } from "./socket";

export type Action = ActionPartsFragment;
export type Target = Action["targets"][number];
export type ActionRow = ActionsQuery["actions"]["nodes"][number];

export function action(id: string) {
  return queryOptions({
    queryKey: ["action", id],
    queryFn: async ({ signal }) => (await ask(ActionDocument, { id }, signal)).action,
    staleTime: 2_000,
  });
}

export function actions(query: string) {
  return infiniteQueryOptions({
    queryKey: ["actions", "list", query],
    queryFn: async ({ pageParam, signal }) =>
      (await ask(ActionsDocument, { query, first: 50, after: pageParam }, signal)).actions,
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.pageInfo.hasNextPage ? last.pageInfo.endCursor : null),
    staleTime: 2_000,
  });
}

/** It moves on by itself. */
export function underWay(a: { state: ActionState }): boolean {
  return a.state === "PLANNING" || a.state === "RUNNING";
}

/** The last few actions, for the tray: asked again while one of them is under way. */
export function recentActions() {
  return queryOptions({
    queryKey: ["actions", "recent"],
    queryFn: async ({ signal }) => (await ask(ActionsDocument, { query: "", first: 10 }, signal)).actions.nodes,
    refetchInterval: (query) => (query.state.data?.some(underWay) ? 2_000 : 15_000),
  });
}

export async function plan(input: ActionInput): Promise<Action> {
  return (await ask(PlanActionDocument, { input })).planAction;
}

export async function run(id: string, confirm: string | null): Promise<Action> {
  return (await ask(RunActionDocument, { id, confirm })).runAction;
}

export async function approve(id: string): Promise<Action> {
  return (await ask(ApproveActionDocument, { id })).approveAction;
}

export async function stop(id: string): Promise<Action> {
  return (await ask(StopActionDocument, { id })).stopAction;
}

export async function undo(id: string): Promise<Action> {
  return (await ask(UndoActionDocument, { id })).undoAction;
}

export async function retry(id: string): Promise<Action> {
  return (await ask(RetryActionDocument, { id })).retryAction;
}

export function remember(client: QueryClient, a: Action): void {
  client.setQueryData(action(a.id).queryKey, a);
  void client.invalidateQueries({ queryKey: ["actions"] });
}

type Move = ActionProgressSubscription["actionProgress"];

/** Moves come without diffs, which stay as they were planned. */
export function moved(known: Action | null | undefined, move: Move): Action {
  const diffs = new Map(known?.targets.map((t) => [t.ref, t.diff]));
  return { ...move, targets: move.targets.map((t) => ({ ...t, diff: diffs.get(t.ref) ?? "" })) };
}

/** Keeps the action of the cache in step with the hub's until the answer is called. */
export function followAction(client: QueryClient, id: string): () => void {
  const { queryKey } = action(id);
  return follow(
    ActionProgressDocument,
    { id },
    {
      next: (data) => {
        const known = client.getQueryData(queryKey);
        client.setQueryData(queryKey, moved(known, data.actionProgress));
        // What was dry-run meanwhile has diffs now.
        if (known?.state !== data.actionProgress.state) void client.invalidateQueries({ queryKey });
      },
      error: () => void client.invalidateQueries({ queryKey }),
      complete: () => {
        void client.invalidateQueries({ queryKey });
        void client.invalidateQueries({ queryKey: ["actions"] });
      },
    },
  );
}
