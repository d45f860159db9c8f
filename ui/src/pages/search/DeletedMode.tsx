import { directive, withDirective } from "../../lib/filters";

const modes = [
  { value: "", word: "Existing" },
  { value: "true", word: "Deleted" },
  { value: "any", word: "Existing and deleted" },
];

/** Whether what is gone is looked for: deleted:true, deleted:any. */
export function DeletedMode({ query, onQuery }: { query: string; onQuery: (query: string) => void }) {
  const value = directive(query, "deleted").replace(/^false$/, "");
  const own = modes.some((m) => m.value === value) ? [] : [{ value, word: `Deleted ${value}` }];
  return (
    <select
      aria-label="Existing or deleted objects"
      value={value}
      className={`h-6 max-w-28 rounded-md border bg-surface px-1 text-xs ${value === "" ? "border-edge/60" : "border-accent font-semibold text-accent"}`}
      onChange={(e) => onQuery(withDirective(query, "deleted", e.target.value))}
    >
      {[...modes, ...own].map((m) => (
        <option key={m.value} value={m.value}>
          {m.word}
        </option>
      ))}
    </select>
  );
}
