import { Check, Minus, X } from "lucide-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { facetFields, kinds, type FacetData } from "../../api/search";
import { choiceOf, chosen, clearField, toggleExclude, toggleInclude, type Same } from "../../lib/filters";
import { shortImage } from "../../lib/image";
import { short } from "../../lib/count";
import { sameKind } from "../../lib/kinds";

const titles: Record<string, string> = {
  cluster: "Cluster",
  kind: "Kind",
  ns: "Namespace",
  status: "Status",
  app: "Application",
  image: "Image",
};

interface Props {
  query: string;
  facets: FacetData[] | undefined;
  onQuery: (query: string) => void;
}

/** Counts by field. A click edits the query's text: include, or exclude with Alt or the minus. */
export function FacetPanel({ query, facets, onQuery }: Props) {
  const served = useQuery(kinds()).data;
  const same = useMemo(() => ({ kind: sameKind(served ?? []) }) as Record<string, Same | undefined>, [served]);
  return (
    <nav aria-label="Filters" className="flex flex-col gap-3 p-3 text-sm">
      {facetFields.map((field) => (
        <FacetGroup
          key={field}
          field={field}
          query={query}
          same={same[field] ?? sameText}
          data={facets?.find((f) => f.field === field)}
          loading={facets === undefined}
          onQuery={onQuery}
        />
      ))}
    </nav>
  );
}

function sameText(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

interface GroupProps {
  field: string;
  same: Same;
  query: string;
  data: FacetData | undefined;
  loading: boolean;
  onQuery: (query: string) => void;
}

const few = 6;

function FacetGroup({ field, same, query, data, loading, onQuery }: GroupProps) {
  const [open, setOpen] = useState(false);
  const listed = (data?.values ?? []).filter((v) => v.value !== "");
  const picked = chosen(query, field);
  // What the query names stands here too, so that it can be taken back; how often it occurs is not known.
  const missing = picked.filter((v) => !listed.some((l) => same(l.value, v))).map((value) => ({ value, count: null }));
  const values: { value: string; count: number | null }[] = [...listed, ...missing];
  if (!loading && values.length === 0) return null;
  const shown = open ? values : values.filter((v, i) => i < few || choiceOf(query, field, v.value, same) !== "none");
  return (
    <section aria-label={titles[field] ?? field}>
      <h2 className="mb-1 flex min-h-6 items-center justify-between text-xs font-semibold text-muted">
        {titles[field] ?? field}
        {picked.length > 0 && (
          <button
            type="button"
            className="inline-flex min-h-6 items-center gap-1 rounded px-1.5 font-normal text-accent hover:bg-accent-soft"
            onClick={() => onQuery(clearField(query, field))}
          >
            <X className="size-3" aria-hidden />
            clear
          </button>
        )}
      </h2>
      {loading && <div className="pulse h-16 rounded bg-line" />}
      <ul>
        {shown.map((v) => (
          <FacetRow
            key={v.value}
            field={field}
            query={query}
            value={v.value}
            hits={v.count}
            same={same}
            onQuery={onQuery}
          />
        ))}
      </ul>
      {values.length > few && (
        <button
          type="button"
          className="min-h-6 rounded px-1.5 text-xs text-accent hover:bg-accent-soft"
          onClick={() => setOpen((o) => !o)}
        >
          {open ? "Fewer" : `${values.length - few} more`}
          {data && data.distinct > listed.length && open ? ` (of ${short(data.distinct)})` : ""}
        </button>
      )}
    </section>
  );
}

function FacetRow({
  field,
  query,
  value,
  hits,
  same,
  onQuery,
}: {
  field: string;
  query: string;
  value: string;
  hits: number | null;
  same: Same;
  onQuery: (q: string) => void;
}) {
  const choice = choiceOf(query, field, value, same);
  const label = field === "image" ? shortImage(value) : value;
  return (
    <li className="group flex items-center rounded hover:bg-hover">
      <button
        type="button"
        aria-pressed={choice === "included"}
        title={`${value}\nClick to include, Alt+click to exclude`}
        className={`flex min-h-6 min-w-0 grow items-center gap-1.5 rounded px-1.5 text-left ${choice === "excluded" ? "text-muted line-through" : ""} ${choice === "included" ? "font-semibold" : ""}`}
        onClick={(event) =>
          onQuery(event.altKey ? toggleExclude(query, field, value, same) : toggleInclude(query, field, value, same))
        }
      >
        <span
          aria-hidden
          className={`grid size-3.5 shrink-0 place-items-center rounded-[3px] border ${choice === "included" ? "border-accent bg-accent text-on-accent" : choice === "excluded" ? "border-bad text-bad" : "border-edge"}`}
        >
          {choice === "included" && <Check className="size-3" />}
          {choice === "excluded" && <Minus className="size-3" />}
        </span>
        <span className="truncate">{label}</span>
        <span className="ml-auto pl-1 text-xs font-normal text-muted tabular-nums">
          {hits === null ? "" : short(hits)}
        </span>
      </button>
      <button
        type="button"
        aria-pressed={choice === "excluded"}
        aria-label={`Exclude ${value}`}
        title={`Exclude ${value}`}
        className={`grid size-6 shrink-0 place-items-center rounded text-muted hover:text-bad focus-visible:opacity-100 ${choice === "excluded" ? "text-bad" : "opacity-0 group-hover:opacity-100"}`}
        onClick={() => onQuery(toggleExclude(query, field, value, same))}
      >
        <Minus className="size-3.5" aria-hidden />
      </button>
    </li>
  );
}
