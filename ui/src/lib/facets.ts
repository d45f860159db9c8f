import { clearField, without, withTerm } from "./filters";

/** A field by which results can be counted. */
export interface Facet {
  field: string;
  title: string;
}

/** Shown to everybody, in this order. */
export const usual: readonly Facet[] = [
  { field: "cluster", title: "Cluster" },
  { field: "kind", title: "Kind" },
  { field: "ns", title: "Namespace" },
  { field: "status", title: "Status" },
  { field: "app", title: "Application" },
  { field: "image", title: "Image" },
];

/** Shown when they are asked for. */
export const others: readonly Facet[] = [
  { field: "zone", title: "Zone" },
  { field: "region", title: "Region" },
  { field: "env", title: "Environment" },
  { field: "health", title: "Health" },
  { field: "ready", title: "Ready" },
  { field: "reason", title: "Reason" },
  { field: "node", title: "Node" },
  { field: "owner", title: "Owner" },
  { field: "managedby", title: "Managed by" },
  { field: "container", title: "Container" },
  { field: "sa", title: "Service account" },
  { field: "uses", title: "Uses" },
  { field: "image.tag", title: "Image tag" },
  { field: "image.repo", title: "Image repository" },
  { field: "image.registry", title: "Image registry" },
  { field: "changed.by", title: "Changed by" },
];

export function titleOf(field: string): string {
  return [...usual, ...others].find((f) => f.field === field)?.title ?? field.replace(/^(label|annotation)\./, "");
}

/** What counts are about: order, size and grouping of the list do not change them. */
export function counted(query: string): string {
  return without(query, ["sort", "limit", "group"]);
}

/** A query whose completions are the values of field that contain what is typed, counted over the rest of query. */
export function valuesLike(query: string, field: string, typed: string): string {
  return withTerm(clearField(counted(query), field), `${field}:${open(typed)}`);
}

/** A query whose completions are the keys of labels that contain what is typed. */
export function keysLike(query: string, typed: string): string {
  return withTerm(counted(query), `label.${typed.replaceAll(/[^\w.\-/]/g, "")}`);
}

/** A value as it stands while it is typed: its quotation has no end yet. */
function open(typed: string): string {
  return /^[\w.\-/@]*$/.test(typed) ? typed : `"${typed.replaceAll(/["\\]/g, "")}`;
}

interface Suggested {
  label: string;
  count: number | null;
}

/** Suggestions as values of a facet: each once, those that are counted first. */
export function valuesOf(list: readonly Suggested[]): { value: string; count: number | null }[] {
  const found = new Map<string, number | null>();
  for (const s of list) if (!s.label.startsWith("!")) found.set(s.label, found.get(s.label) ?? s.count);
  return [...found]
    .map(([value, count]) => ({ value, count }))
    .toSorted((a, b) => Number(b.count !== null) - Number(a.count !== null));
}
