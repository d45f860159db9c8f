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
