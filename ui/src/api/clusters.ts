import { queryOptions } from "@tanstack/react-query";
import { ask } from "./client";
import {
  AddClusterDocument,
  ClustersDocument,
  ProtectClusterDocument,
  RemoveClusterDocument,
  ViewerDocument,
  type AddClusterMutation,
  type ClustersQuery,
  type ProtectClusterMutation,
  type Protection,
} from "./generated";

export type Cluster = ClustersQuery["clusters"][number];

export function clusters() {
  return queryOptions({
    queryKey: ["clusters"],
    queryFn: async ({ signal }) => (await ask(ClustersDocument, {}, signal)).clusters,
    refetchInterval: 5_000,
  });
}

export function viewer() {
  return queryOptions({
    queryKey: ["viewer"],
    queryFn: async ({ signal }) => (await ask(ViewerDocument, {}, signal)).viewer,
    staleTime: 60_000,
  });
}

export async function addCluster(name: string): Promise<AddClusterMutation["addCluster"]> {
  return (await ask(AddClusterDocument, { name })).addCluster;
}

export async function removeCluster(name: string): Promise<boolean> {
  return (await ask(RemoveClusterDocument, { name })).removeCluster;
}

export async function protectCluster(
  name: string,
  level: Protection,
): Promise<ProtectClusterMutation["protectCluster"]> {
  return (await ask(ProtectClusterDocument, { name, level })).protectCluster;
}
