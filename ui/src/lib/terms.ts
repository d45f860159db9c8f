/** Queries of lists that know FIELD:VALUE terms and words only: actions, the audit. */

const split = (query: string): string[] => query.split(/\s+/).filter((t) => t !== "");

/** The value of the first term of a field; empty without. */
export function termOf(query: string, field: string): string {
  return (
    split(query)
      .find((t) => t.startsWith(`${field}:`))
      ?.slice(field.length + 1) ?? ""
  );
}

/** The query with the one term of a field, or without when value is empty. */
export function withTermOf(query: string, field: string, value: string): string {
  const others = split(query).filter((t) => !t.startsWith(`${field}:`));
  return [...others, ...(value === "" ? [] : [`${field}:${value}`])].join(" ");
}
