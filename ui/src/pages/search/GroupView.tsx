import { useState } from "react";
import type { SearchQuery } from "../../api/generated";
import { Button } from "../../components/Button";
import { count, many } from "../../lib/count";
import { titleOf } from "../../lib/facets";
import { withTerm } from "../../lib/filters";
import { queryOfGroup } from "../../lib/groups";
import { shortImage } from "../../lib/image";

type Group = SearchQuery["search"]["groups"][number];

interface Props {
  query: string;
  by: string[];
  groups: Group[];
  total: number;
  onQuery: (query: string) => void;
}

const first = 100;

/** What is found, counted by what it has in common; a group leads to its objects. */
export function GroupView({ query, by, groups, total, onQuery }: Props) {
  const [shown, setShown] = useState(first);
  const most = Math.max(1, ...groups.map((g) => g.count));
  const listed = groups.reduce((sum, g) => sum + g.count, 0);
  const some = groups.some((g) => g.ready + g.notReady > 0);
  return (
    // It takes the focus, so that it can be scrolled by keyboard.
    <div role="region" aria-label="Groups" tabIndex={0} className="min-h-0 grow overflow-auto">
      <table className="w-full border-collapse text-sm">
        <thead className="sticky top-0 z-10 bg-raised text-left text-xs text-muted shadow-[inset_0_-1px_0_var(--line)]">
          <tr>
            {by.map((f) => (
              <th key={f} scope="col" className="h-8 px-3 font-semibold">
                {titleOf(f)}
              </th>
            ))}
            <th scope="col" className="px-3 text-right font-semibold">
              Objects
            </th>
            <td aria-hidden className="w-2/5">
              {" "}
            </td>
            {some && (
              <>
                <th scope="col" className="w-24 px-3 text-right font-semibold">
                  Ready
                </th>
                <th scope="col" className="w-24 px-3 text-right font-semibold">
                  Not ready
                </th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {groups.slice(0, shown).map((g) => (
            <Row
              key={JSON.stringify(g.values)}
              group={g}
              by={by}
              most={most}
              some={some}
              query={query}
              onQuery={onQuery}
            />
          ))}
        </tbody>
      </table>
      {groups.length > shown && (
        <div className="p-3">
          <Button onClick={() => setShown((n) => n + 4 * first)}>Show more of {many(groups.length, "group")}</Button>
        </div>
      )}
      {shown >= groups.length && listed < total && by.length > 0 && (
        <p className="p-3 text-xs text-muted">
          These are the largest {count(groups.length)} groups
          {listed < total ? `; ${count(total - listed)} objects are in smaller ones` : ""}. Narrow the query to see
          others.
        </p>
      )}
    </div>
  );
}

interface RowProps {
  group: Group;
  by: string[];
  most: number;
  some: boolean;
  query: string;
  onQuery: (query: string) => void;
}

function Row({ group: g, by, most, some, query, onQuery }: RowProps) {
  const objects = queryOfGroup(query, by, g.values);
  const number = "min-h-6 min-w-6 rounded px-1 text-right tabular-nums hover:bg-accent-soft";
  return (
    <tr className="border-b border-line/60 hover:bg-hover">
      {by.map((f, i) => {
        const value = g.values[i] ?? "";
        const text = value === "" ? "none" : f === "image" ? shortImage(value) : value;
        return i === 0 ? (
          <th key={f} scope="row" className="max-w-72 px-3 py-0.5 text-left font-medium" title={value}>
            <button
              type="button"
              className={`min-h-7 max-w-full truncate text-left hover:underline ${value === "" ? "text-muted italic" : "text-accent"}`}
              onClick={() => onQuery(objects)}
            >
              {text}
            </button>
          </th>
        ) : (
          <td key={f} className={`max-w-72 truncate px-3 ${value === "" ? "text-muted italic" : ""}`} title={value}>
            {text}
          </td>
        );
      })}
      <td className="w-20 px-3 text-right tabular-nums">{count(g.count)}</td>
      <td aria-hidden className="px-3">
        <span className="flex h-2 overflow-hidden rounded-sm">
          <span className="bg-good/70" style={{ width: `${(g.ready / most) * 100}%` }} />
          <span className="bg-warn" style={{ width: `${(g.notReady / most) * 100}%` }} />
          <span className="bg-busy/40" style={{ width: `${((g.count - g.ready - g.notReady) / most) * 100}%` }} />
        </span>
      </td>
      {some && (
        <>
          <td className="px-3 text-right">
            {g.ready > 0 && (
              <button type="button" className={number} onClick={() => onQuery(withTerm(objects, "ready:true"))}>
                {count(g.ready)}
              </button>
            )}
          </td>
          <td className="px-3 text-right">
            {g.notReady > 0 && (
              <button
                type="button"
                className={`font-semibold text-warn ${number}`}
                onClick={() => onQuery(withTerm(objects, "ready:false"))}
              >
                {count(g.notReady)}
              </button>
            )}
          </td>
        </>
      )}
    </tr>
  );
}
