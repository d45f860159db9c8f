import { formatParams } from "./params";

export interface Export {
  query: string;
  format: "csv" | "ndjson" | "yaml" | "json";
  page?: "changes" | undefined;
  from?: string | undefined;
  to?: string | null | undefined;
  columns?: string | undefined;
}

/** Where the hub streams everything that a query finds. */
export function exportAddress(e: Export): string {
  return `/api/v1/export${formatParams({ query: e.query, format: e.format, page: e.page, from: e.from, to: e.to, columns: e.columns })}`;
}

/** Where the hub streams the audit, a line of JSON for each row. */
export function auditAddress(query: string): string {
  return `/api/v1/export/audit${formatParams({ query })}`;
}
