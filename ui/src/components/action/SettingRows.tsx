import { Plus, Trash2, Undo2 } from "lucide-react";
import { useState } from "react";
import { newSetting, type Setting } from "../../lib/wish";
import { Button } from "../Button";

interface Props {
  title: string;
  name: string;
  value: string;
  rows: readonly Setting[];
  another: string;
  removable?: boolean;
  onChange: (rows: Setting[]) => void;
}

/** From so many on a field finds one among them. */
const long = 12;

/** Names with their values, as they are now until they are edited. */
export function SettingRows({ title, name, value, rows, another, removable = false, onChange }: Props) {
  const [find, setFind] = useState("");
  const set = (i: number, part: Partial<Setting>): void =>
    onChange(rows.map((r, n) => (n === i ? { ...r, ...part } : r)));
  const field =
    "h-8 min-w-0 rounded-md border border-edge bg-surface px-2 font-mono text-xs read-only:border-transparent read-only:bg-transparent disabled:line-through disabled:opacity-60";
  const shown = rows
    .map((row, i) => ({ row, i }))
    .filter(({ row }) => row.was === undefined || row.name.toLowerCase().includes(find.trim().toLowerCase()));
  return (
    <fieldset className="flex min-w-0 flex-col gap-1.5">
      <legend className="mb-1 text-sm font-medium">{title}</legend>
      {rows.length > long && (
        <input
          type="search"
          aria-label={`Find among ${title.toLowerCase()}`}
          placeholder={`Find among ${rows.length}`}
          value={find}
          onChange={(e) => setFind(e.target.value)}
          className="h-8 max-w-64 rounded-md border border-edge/60 bg-transparent px-2 text-sm"
        />
      )}
      {shown.length > 0 && (
        <ul className="flex max-h-72 flex-col gap-1 overflow-y-auto">
          {shown.map(({ row: r, i }) => {
            const isNew = r.was === undefined && !r.fixed && r.note === "";
            return (
              <li key={i} className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)_2rem] items-center gap-x-1.5">
                <input
                  aria-label={isNew ? `${name} of row ${i + 1}` : name}
                  className={field}
                  spellCheck={false}
                  autoComplete="off"
                  readOnly={!isNew}
                  title={r.name}
                  tabIndex={isNew ? 0 : -1}
                  value={r.name}
                  onChange={(e) => set(i, { name: e.target.value })}
                />
                <input
                  aria-label={`${value} of ${r.name || `row ${i + 1}`}`}
                  className={field}
                  spellCheck={false}
                  autoComplete="off"
                  disabled={r.removed}
                  placeholder={r.note}
                  value={r.value}
                  onChange={(e) => set(i, { value: e.target.value })}
                />
                {(removable || isNew) && (
                  <button
                    type="button"
                    aria-label={r.removed ? `Keep ${r.name}` : `Remove ${r.name || `row ${i + 1}`}`}
                    title={r.removed ? "Keep" : "Remove"}
                    className="grid size-8 place-items-center rounded text-muted hover:bg-hover hover:text-ink"
                    onClick={() => (isNew ? onChange(rows.filter((_, n) => n !== i)) : set(i, { removed: !r.removed }))}
                  >
                    {r.removed ? (
                      <Undo2 className="size-3.5" aria-hidden />
                    ) : (
                      <Trash2 className="size-3.5" aria-hidden />
                    )}
                  </button>
                )}
              </li>
            );
          })}
        </ul>
      )}
      <div>
        <Button small icon={Plus} onClick={() => onChange([...rows, newSetting()])}>
          {another}
        </Button>
      </div>
    </fieldset>
  );
}
