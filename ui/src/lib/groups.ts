import { titleOf } from "./facets";
import { directive, withDirective, withTerm, written } from "./filters";

/** The fields by which a query counts what it finds. */
export function groupBy(query: string): string[] {
  const value = directive(query, "group");
  return value === "" ? [] : value.split(",").map((f) => f.replaceAll('"', ""));
}

/** What the menu offers; any other field, and several, are written in the query. */
export const offered: readonly string[] = [
  "cluster",
  "ns",
  "kind",
  "status",
  "health",
  "app",
  "image",
  "image.tag",
  "node",
  "zone",
  "cluster,ns",
  "app,cluster",
];

/** Cluster and namespace */
export function groupTitle(value: string): string {
  const words = value.split(",").map((f, i) => (i === 0 ? titleOf(f) : titleOf(f).toLowerCase()));
  return words.join(" and ");
}

/** The query for the objects of one group: without group:, with what the group has in common. */
export function queryOfGroup(query: string, by: readonly string[], values: readonly string[]): string {
  let text = withDirective(query, "group", "");
  by.forEach((field, i) => {
    const value = values[i] ?? "";
    text = withTerm(text, value === "" ? `no:${field}` : `${field}:${written(value)}`);
  });
  return text;
}
