import { useQuery } from "@tanstack/react-query";
import { Plus, Tag } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";
import { completions } from "../../api/search";
import { useDebounced } from "../../components/useDebounced";
import { short } from "../../lib/count";
import { keysLike, others, valuesOf } from "../../lib/facets";
import { bytesOfUnits } from "../../lib/offsets";

interface Props {
  query: string;
  /** Fields that have their group already. */
  shown: readonly string[];
  onPick: (field: string) => void;
}

/** Adds a group: a further field, or the key of a label that the results have. */
export function FacetPicker({ query, shown, onPick }: Props) {
  const [open, setOpen] = useState(false);
  const pick = (field: string): void => {
    onPick(field);
    setOpen(false);
  };
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger className="inline-flex min-h-7 items-center gap-1.5 self-start rounded-md px-1.5 text-sm text-accent hover:bg-accent-soft">
        <Plus className="size-4" aria-hidden />
        More filters
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          side="right"
          align="end"
          sideOffset={6}
          collisionPadding={8}
          aria-label="More filters"
          className="z-50 flex max-h-[min(32rem,80dvh)] w-[min(19rem,calc(100vw-1.5rem))] flex-col rounded-lg border border-line bg-surface shadow-xl"
        >
          <Choices query={query} shown={shown} onPick={pick} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Choices({ query, shown, onPick }: Props) {
  const [typed, setTyped] = useState("");
  const text = keysLike(query, useDebounced(typed.trim(), 150));
  const keys = useQuery(completions(text, bytesOfUnits(text, text.length)));
  const like = typed.trim().toLowerCase();
  const fields = others.filter(
    (f) => !shown.includes(f.field) && (f.title.toLowerCase().includes(like) || f.field.includes(like)),
  );
  const labels = valuesOf((keys.data ?? []).filter((s) => s.type === "value")).filter(
    (k) => !shown.includes(`label.${k.value}`),
  );
  return (
    <>
      <input
        type="search"
        value={typed}
        onChange={(e) => setTyped(e.target.value)}
        placeholder="Field or key of a label"
        aria-label="Field or key of a label"
        className="m-2 h-8 rounded-md border border-edge/60 bg-transparent px-2 text-sm outline-none focus:border-accent"
      />
      <div className="min-h-0 grow overflow-y-auto px-2 pb-2" tabIndex={-1}>
        {labels.length > 0 && (
          <Choice title="Labels of the results">
            {labels.map((k) => (
              <Item key={k.value} onPick={() => onPick(`label.${k.value}`)}>
                <Tag className="size-3.5 shrink-0 text-muted" aria-hidden />
                <span className="truncate" title={k.value}>
                  {k.value}
                </span>
                <span className="ml-auto pl-2 text-xs text-muted tabular-nums">
                  {k.count === null ? "" : short(k.count)}
                </span>
              </Item>
            ))}
          </Choice>
        )}
        {keys.isPending && <div className="pulse mb-2 h-16 rounded bg-line" />}
        {keys.error && <p className="mb-2 text-xs text-bad">{keys.error.message}</p>}
        {fields.length > 0 && (
          <Choice title="Fields">
            {fields.map((f) => (
              <Item key={f.field} onPick={() => onPick(f.field)}>
                <span className="truncate">{f.title}</span>
                <span className="ml-auto pl-2 font-mono text-xs text-muted">{f.field}</span>
              </Item>
            ))}
          </Choice>
        )}
        {fields.length === 0 && labels.length === 0 && keys.data && (
          <p className="px-1.5 text-sm text-muted">No field and no label is called that.</p>
        )}
      </div>
    </>
  );
}

function Choice({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section aria-label={title} className="mb-2">
      <h3 className="mb-0.5 px-1.5 text-xs font-semibold text-muted">{title}</h3>
      <ul>{children}</ul>
    </section>
  );
}

function Item({ onPick, children }: { onPick: () => void; children: React.ReactNode }) {
  return (
    <li>
      <button
        type="button"
        className="flex min-h-7 w-full items-center gap-1.5 rounded px-1.5 text-left text-sm hover:bg-hover"
        onClick={onPick}
      >
        {children}
      </button>
    </li>
  );
}
