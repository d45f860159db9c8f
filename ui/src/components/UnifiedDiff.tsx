import { useMemo } from "react";
import { parseDiff, type DiffLine } from "../lib/diff";

const looks: Record<DiffLine["type"], { row: string; sign: string; word: string }> = {
  same: { row: "", sign: " ", word: "" },
  added: { row: "bg-added", sign: "+", word: "added " },
  removed: { row: "bg-removed", sign: "-", word: "removed " },
  hunk: { row: "bg-raised text-muted", sign: " ", word: "" },
};

/** A unified diff with line numbers; signs and not only colours say what was added and removed. */
export function UnifiedDiff({ diff, label }: { diff: string; label: string }) {
  const lines = useMemo(() => parseDiff(diff), [diff]);
  if (diff.trim() === "") return <p className="p-3 text-muted">No difference.</p>;
  return (
    // It takes the focus, so that it can be scrolled by keyboard.
    <div role="region" aria-label={label} tabIndex={0} className="overflow-auto font-mono text-xs leading-5">
      <table className="w-full border-collapse">
        <tbody>
          {lines.map((l, i) => {
            const look = looks[l.type];
            return (
              <tr key={i} className={look.row}>
                <td aria-hidden className="w-10 min-w-10 px-1.5 text-right text-muted select-none">
                  {l.before ?? ""}
                </td>
                <td aria-hidden className="w-10 min-w-10 border-r border-line px-1.5 text-right text-muted select-none">
                  {l.after ?? ""}
                </td>
                <td className="px-2 whitespace-pre">
                  <span aria-hidden className="inline-block w-4 font-semibold select-none">
                    {look.sign}
                  </span>
                  {look.word && <span className="visually-hidden">{look.word}</span>}
                  {l.text}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
