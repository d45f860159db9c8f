import { directive, withDirective } from "../../lib/filters";
import { groupTitle, offered } from "../../lib/groups";

/** A list of objects, or counts by what they have in common: group:. */
export function GroupMode({ query, onQuery }: { query: string; onQuery: (query: string) => void }) {
  const value = directive(query, "group");
  const own = value === "" || offered.includes(value) ? [] : [value];
  return (
    <select
      aria-label="View"
      value={value}
      className={`h-6 max-w-36 rounded-md border bg-surface px-1 text-xs ${value === "" ? "border-edge/60" : "border-accent font-semibold text-accent"}`}
      onChange={(e) => onQuery(withDirective(query, "group", e.target.value))}
    >
      <option value="">Table</option>
      <optgroup label="Counted">
        {[...own, ...offered].map((g) => (
          <option key={g} value={g}>
            By {groupTitle(g).toLowerCase()}
          </option>
        ))}
      </optgroup>
    </select>
  );
}
