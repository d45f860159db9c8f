/** The part of the address behind the question mark: names and texts, nothing else, so that people can write it. */
export type Params = Record<string, string | undefined>;

export function parseParams(search: string): Params {
  const params: Params = {};
  for (const [name, value] of new URLSearchParams(search)) params[name] = value;
  return params;
}

/** Undefined and empty ones are left out. Characters that may stand in a query part are not escaped. */
export function formatParams(params: Record<string, unknown>): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === null || value === "") continue;
    parts.push(`${encode(name)}=${encode(String(value))}`);
  }
  return parts.length > 0 ? `?${parts.join("&")}` : "";
}

function encode(text: string): string {
  return encodeURIComponent(text)
    .replaceAll("%20", "+")
    .replaceAll("%3A", ":")
    .replaceAll("%2C", ",")
    .replaceAll("%2F", "/")
    .replaceAll("%40", "@");
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
