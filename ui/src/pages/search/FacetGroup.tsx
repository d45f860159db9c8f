import { useQuery } from "@tanstack/react-query";
import { Check, ChevronDown, ChevronRight, Minus, Search, X } from "lucide-react";
import { useState } from "react";
import { completions, type FacetData } from "../../api/search";
import { useDebounced } from "../../components/useDebounced";
import { many, short } from "../../lib/count";
import { valuesLike, valuesOf } from "../../lib/facets";
import { choiceOf, chosen, clearField, toggleExclude, toggleInclude, type Same } from "../../lib/filters";
import { shortImage } from "../../lib/image";
import { bytesOfUnits } from "../../lib/offsets";

interface Props {
  field: string;
  title: string;
  query: string;
  /** Whether two values mean the same. */
  same: Same;
  data: FacetData | undefined;
  state: "loading" | "ready" | "failed";
  why?: string;
  folded: boolean;
  /** Shown without values too. */
  always?: boolean;
  onFold: () => void;
  onRemove?: () => void;
  onQuery: (query: string) => void;
}

/** How many values are shown at first, and when all were asked for; the others are found by typing. */
const few = 6;
const top = 20;

/** One field with its values and how often each occurs. */
export function FacetGroup({
  field,
  title,
  query,
  same,
  data,
  state,
  why,
  folded,
  always = false,
  onFold,
  onRemove,
  onQuery,
}: Props) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const listed = (data?.values ?? []).filter((v) => v.value !== "");
  const distinct = Math.max(data?.distinct ?? 0, listed.length);
  const picked = chosen(query, field);
  // What the query names stands here too, so that it can be taken back; how often it occurs is not known.
  const missing = picked.filter((v) => !listed.some((l) => same(l.value, v))).map((value) => ({ value, count: null }));
  const values: { value: string; count: number | null }[] = [...listed, ...missing];
  if (!folded && !always && state === "ready" && values.length === 0) return null;
  const atMost = open ? top : few;
  const shown = values.filter((v, i) => i < atMost || choiceOf(query, field, v.value, same) !== "none");
  const row = (v: { value: string; count: number | null }) => (
    <FacetRow key={v.value} field={field} query={query} value={v.value} hits={v.count} same={same} onQuery={onQuery} />
  );
  const Chevron = folded ? ChevronRight : ChevronDown;
  return (
    <section aria-label={title}>
      <h2 className="mb-0.5 flex min-h-6 items-center text-xs font-semibold text-muted">
        <button
          type="button"
          aria-expanded={!folded}
          title={field}
          className="-ml-1 inline-flex min-h-6 min-w-0 grow items-center gap-0.5 rounded text-left hover:text-ink"
          onClick={onFold}
        >
          <Chevron className="size-3.5 shrink-0" aria-hidden />
          <span className="truncate">{title}</span>
        </button>
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
        {onRemove && (
          <button
            type="button"
            aria-label={`Do not show ${title}`}
            title="Do not show it"
            className="grid size-6 place-items-center rounded hover:bg-hover hover:text-ink"
            onClick={onRemove}
          >
            <X className="size-3.5" aria-hidden />
          </button>
        )}
      </h2>
      {!folded && (
        <>
          {state === "loading" && <div className="pulse h-16 rounded bg-line" />}
          {state === "failed" && (
            <p className="px-1.5 text-xs text-muted">{why ?? "Its values could not be counted."}</p>
          )}
          {(open || distinct > top) && (
            <label className="mb-1 flex h-7 items-center gap-1.5 rounded-md border border-edge/50 px-1.5 focus-within:border-accent">
              <Search className="size-3.5 shrink-0 text-muted" aria-hidden />
              <input
                type="search"
                value={typed}
                onChange={(e) => setTyped(e.target.value)}
                onKeyDown={(e) => e.key === "Escape" && setTyped("")}
                placeholder={`Find in ${title.toLowerCase()}`}
                aria-label={`Find in ${title}`}
                className="min-w-0 grow bg-transparent text-xs outline-none"
              />
            </label>
          )}
          {typed.trim() === "" ? (
            <ul>{shown.map(row)}</ul>
          ) : distinct <= listed.length ? (
            <Listed
              values={values.filter((v) => v.value.toLowerCase().includes(typed.trim().toLowerCase()))}
              typed={typed}
              row={row}
            />
          ) : (
            <Found query={query} field={field} typed={typed.trim()} row={row} />
          )}
          {state === "ready" && values.length === 0 && <p className="px-1.5 text-xs text-muted">No result has it.</p>}
          {typed.trim() === "" && (distinct > few || open) && (
            <button
              type="button"
              aria-expanded={open}
              className="min-h-6 rounded px-1.5 text-xs text-accent hover:bg-accent-soft"
              onClick={() => setOpen((o) => !o)}
            >
              {open
                ? distinct > top
                  ? `Fewer (these are the top ${top} of ${short(distinct)})`
                  : "Fewer"
                : distinct > top
                  ? `Top ${top} of ${short(distinct)}`
                  : `${short(distinct - few)} more`}
            </button>
          )}
        </>
      )}
    </section>
  );
}

type Value = { value: string; count: number | null };

function Listed({ values, typed, row }: { values: Value[]; typed: string; row: (v: Value) => React.ReactNode }) {
  return values.length === 0 ? (
    <p className="px-1.5 text-xs text-muted">None contains {typed}.</p>
  ) : (
    <>
      <ul>{values.slice(0, top).map(row)}</ul>
      {values.length > top && <p className="px-1.5 text-xs text-muted">{many(values.length - top, "more", "more")}</p>}
    </>
  );
}

/** Values that the hub finds among all of them. */
function Found({
  query,
  field,
  typed,
  row,
}: {
  query: string;
  field: string;
  typed: string;
  row: (v: Value) => React.ReactNode;
}) {
  const text = valuesLike(query, field, useDebounced(typed, 150));
  const { data, isPending, error } = useQuery(completions(text, bytesOfUnits(text, text.length)));
  if (error) return <p className="px-1.5 text-xs text-bad">{error.message}</p>;
  if (isPending) return <div className="pulse h-12 rounded bg-line" />;
  return <Listed values={valuesOf(data.filter((s) => s.type !== "operator"))} typed={typed} row={row} />;
}

interface RowProps {
  field: string;
  query: string;
  value: string;
  hits: number | null;
  same: Same;
  onQuery: (q: string) => void;
}

function FacetRow({ field, query, value, hits, same, onQuery }: RowProps) {
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
        className={`grid size-6 shrink-0 place-items-center rounded hover:text-bad focus-visible:opacity-100 ${choice === "excluded" ? "text-bad" : "text-muted opacity-40 group-hover:opacity-100"}`}
        onClick={() => onQuery(toggleExclude(query, field, value, same))}
      >
        <Minus className="size-3.5" aria-hidden />
      </button>
    </li>
  );
}
