import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ask } from "./client";
import {
  AuditDocument,
  AuditStateDocument,
  AuditVerificationDocument,
  type AuditQuery,
  type AuditVerificationQuery,
} from "./generated";

export type AuditRow = AuditQuery["audit"]["nodes"][number];
export type Verification = AuditVerificationQuery["auditVerification"];

/** What was done through the hub, newest first. */
export function audit(query: string) {
  return infiniteQueryOptions({
    queryKey: ["audit", query],
    queryFn: async ({ pageParam, signal }) =>
      (await ask(AuditDocument, { query, first: 100, after: pageParam }, signal)).audit,
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.pageInfo.hasNextPage ? last.pageInfo.endCursor : null),
    placeholderData: keepPreviousData,
    staleTime: 2_000,
  });
}

export function auditState() {
  return queryOptions({
    queryKey: ["audit state"],
    queryFn: async ({ signal }) => (await ask(AuditStateDocument, {}, signal)).auditState,
    refetchInterval: 15_000,
  });
}

/** Reads the whole audit, which may take a while. */
export async function verifyAudit(): Promise<Verification> {
  return (await ask(AuditVerificationDocument, {})).auditVerification;
}
