import { infiniteQueryOptions, queryOptions, type QueryClient } from "@tanstack/react-query";
import { ask } from "./client";
import {
  ActionDocument,
  ActionProgressDocument,
  ActionsDocument,
  PlanActionDocument,
  RunActionDocument,
  StopActionDocument,
  UndoActionDocument,
  type ActionInput,
  type ActionPartsFragment,
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

export function actions() {
  return infiniteQueryOptions({
    queryKey: ["actions"],
    queryFn: async ({ pageParam, signal }) =>
      (await ask(ActionsDocument, { first: 50, after: pageParam }, signal)).actions,
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.pageInfo.hasNextPage ? last.pageInfo.endCursor : null),
    staleTime: 2_000,
  });
}

/** The last few actions, for the tray: asked again while one of them runs. */
export function recentActions() {
  return queryOptions({
    queryKey: ["actions", "recent"],
    queryFn: async ({ signal }) => (await ask(ActionsDocument, { first: 10 }, signal)).actions.nodes,
    refetchInterval: (query) => (query.state.data?.some((a) => a.state === "RUNNING") ? 2_000 : 15_000),
  });
}

export async function plan(input: ActionInput): Promise<Action> {
  return (await ask(PlanActionDocument, { input })).planAction;
}

export async function run(id: string, confirm: string | null): Promise<Action> {
  return (await ask(RunActionDocument, { id, confirm })).runAction;
}

export async function stop(id: string): Promise<Action> {
  return (await ask(StopActionDocument, { id })).stopAction;
}

export async function undo(id: string): Promise<Action> {
  return (await ask(UndoActionDocument, { id })).undoAction;
}

export function remember(client: QueryClient, a: Action): void {
  client.setQueryData(action(a.id).queryKey, a);
  void client.invalidateQueries({ queryKey: ["actions"] });
}

/** Keeps the action of the cache in step with the hub's until the answer is called. */
export function followAction(client: QueryClient, id: string): () => void {
  return follow(
    ActionProgressDocument,
    { id },
    {
      next: (data) => {
        client.setQueryData(action(id).queryKey, data.actionProgress);
      },
      error: () => void client.invalidateQueries({ queryKey: action(id).queryKey }),
      complete: () => {
        void client.invalidateQueries({ queryKey: action(id).queryKey });
        void client.invalidateQueries({ queryKey: ["actions"] });
      },
    },
  );
}
