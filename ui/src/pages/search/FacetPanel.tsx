import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { facets, kinds } from "../../api/search";
import { set, useSettings } from "../../components/settings";
import { counted, others, titleOf, usual } from "../../lib/facets";
import { fieldsOf } from "../../lib/filters";
import { sameKind } from "../../lib/kinds";
import { FacetGroup } from "./FacetGroup";
import { FacetPicker } from "./FacetPicker";

interface Props {
  query: string;
  onQuery: (query: string) => void;
}

/** Counts by field. A click edits the query's text: include, or exclude with Alt or the minus. */
export function FacetPanel({ query, onQuery }: Props) {
  const settings = useSettings();
  const served = useQuery(kinds()).data;
  const sameKinds = useMemo(() => sameKind(served ?? []), [served]);
  const over = counted(query);
  const open = usual.map((f) => f.field).filter((f) => !settings.folded.includes(f));
  const main = useQuery({ ...facets(over, open), enabled: open.length > 0 });
  // What the query filters by has its group, whoever opened it.
  const named = fieldsOf(query).filter((f) => others.some((o) => o.field === f) || f.startsWith("label."));
  const extra = [...new Set([...settings.facets, ...named])];
  const fold = (field: string): void =>
    set({
      folded: settings.folded.includes(field)
        ? settings.folded.filter((f) => f !== field)
        : [...settings.folded, field],
    });
  return (
    <nav aria-label="Filters" className="flex flex-col gap-2 p-3 text-sm">
      {usual.map(({ field, title }) => (
        <FacetGroup
          key={field}
          field={field}
          title={title}
          query={query}
          same={field === "kind" ? sameKinds : sameText}
          data={main.data?.find((f) => f.field === field)}
          state={main.isPending ? "loading" : main.isError ? "failed" : "ready"}
          folded={settings.folded.includes(field)}
          onFold={() => fold(field)}
          onQuery={onQuery}
        />
      ))}
      {extra.map((field) => (
        <Extra
          key={field}
          field={field}
          query={query}
          over={over}
          folded={settings.folded.includes(field)}
          onFold={() => fold(field)}
          onQuery={onQuery}
          {...(settings.facets.includes(field)
            ? { onRemove: () => set({ facets: settings.facets.filter((f) => f !== field) }) }
            : {})}
        />
      ))}
      <FacetPicker
        query={query}
        shown={extra}
        onPick={(field) => set({ facets: [...settings.facets.filter((f) => f !== field), field] })}
      />
    </nav>
  );
}

interface ExtraProps {
  field: string;
  query: string;
  over: string;
  folded: boolean;
  onFold: () => void;
  onRemove?: () => void;
  onQuery: (query: string) => void;
}

/** A field beside the usual ones asks for itself, so that the others neither wait for it nor fail with it. */
function Extra({ field, over, folded, ...rest }: ExtraProps) {
  const asked = useQuery({ ...facets(over, [field]), enabled: !folded });
  return (
    <FacetGroup
      {...rest}
      field={field}
      title={titleOf(field)}
      same={sameText}
      folded={folded}
      data={asked.data?.[0]}
      state={asked.isPending ? "loading" : asked.isError ? "failed" : "ready"}
      {...(asked.error ? { why: asked.error.message } : {})}
      always
    />
  );
}

function sameText(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
