import {
  Bookmark,
  Box,
  Command as CommandIcon,
  CornerDownLeft,
  FileSearch,
  History,
  LoaderCircle,
  PanelTop,
  Search,
  Server,
  type LucideIcon,
} from "lucide-react";
import { Dialog } from "radix-ui";
import { useId, useState } from "react";
import { Health } from "../components/Health";
import { usePalette, type Item, type ItemType } from "./usePalette";

const icons: Record<ItemType, LucideIcon> = {
  query: FileSearch,
  object: Box,
  saved: Bookmark,
  cluster: Server,
  page: PanelTop,
  command: CommandIcon,
  recent: History,
};

interface Props {
  open: boolean;
  onClose: () => void;
  onKeys: () => void;
}

/** Jumps anywhere: objects as they are typed, pages, saved searches, clusters, and what can be done here. */
export function Palette({ open, onClose, onKeys }: Props) {
  return (
    <Dialog.Root open={open} onOpenChange={(is) => !is && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/45" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-[8dvh] left-1/2 z-50 flex max-h-[80dvh] w-[calc(100vw-1.5rem)] max-w-2xl -translate-x-1/2 flex-col overflow-hidden rounded-xl border border-line bg-surface shadow-2xl"
        >
          <Dialog.Title className="visually-hidden">Go to anything</Dialog.Title>
          <Inside onClose={onClose} onKeys={onKeys} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Inside({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);
  const { groups, busy, error } = usePalette(typed, onKeys);
  const items = groups.flatMap((g) => g.items);
  const at = Math.min(chosen, Math.max(0, items.length - 1));
  const take = (item: Item | undefined): void => {
    if (!item) return;
    onClose();
    item.run();
  };
  const move = (step: number): void => {
    if (items.length === 0) return;
    const next = (at + step + items.length) % items.length;
    setChosen(next);
    document.querySelector(`[id="${id}-${next}"]`)?.scrollIntoView({ block: "nearest" });
  };
  return (
    <>
      <div className="flex h-12 shrink-0 items-center gap-2 border-b border-line px-3">
        <Search className="size-4 shrink-0 text-muted" aria-hidden />
        {/* The dialog is opened to type into it. */}
        <input
          // oxlint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          role="combobox"
          aria-label="Go to anything"
          aria-expanded
          aria-controls={`${id}-list`}
          aria-activedescendant={items.length > 0 ? `${id}-${at}` : undefined}
          aria-autocomplete="list"
          autoComplete="off"
          spellCheck={false}
          placeholder="An object, a query, > command, # saved search, @ cluster"
          value={typed}
          onChange={(e) => {
            setTyped(e.target.value);
            setChosen(0);
          }}
          onKeyDown={(e) => {
            const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
            if (step !== 0) {
              e.preventDefault();
              move(step);
            } else if (e.key === "Enter" && !e.nativeEvent.isComposing) {
              e.preventDefault();
              take(items[at]);
            }
          }}
          className="min-w-0 grow bg-transparent text-base outline-none"
        />
        {busy && <LoaderCircle className="spin size-4 text-muted" aria-label="Looking" />}
      </div>
      <div id={`${id}-list`} role="listbox" aria-label="Found" className="min-h-0 grow overflow-y-auto p-1.5">
        {groups.map((g) => (
          <div key={g.title} role="group" aria-label={g.title}>
            <div aria-hidden className="px-2 pt-2 pb-0.5 text-xs font-semibold text-muted">
              {g.title}
            </div>
            {g.items.map((item) => {
              const index = items.indexOf(item);
              return (
                <Line
                  key={item.id}
                  id={`${id}-${index}`}
                  item={item}
                  chosen={index === at}
                  onPoint={() => setChosen(index)}
                  onTake={() => take(item)}
                />
              );
            })}
          </div>
        ))}
        {items.length === 0 && !busy && (
          <p className="px-2 py-4 text-center text-sm text-muted">Nothing is called that.</p>
        )}
        {error && <p className="px-2 py-1 text-sm text-bad">{error.message}</p>}
      </div>
      <p aria-live="polite" className="visually-hidden">
        {busy ? "" : `${items.length} found`}
      </p>
    </>
  );
}

interface LineProps {
  id: string;
  item: Item;
  chosen: boolean;
  onPoint: () => void;
  onTake: () => void;
}

function Line({ id, item, chosen, onPoint, onTake }: LineProps) {
  const Icon = icons[item.type];
  return (
    // The combobox has the focus and the keys.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      id={id}
      role="option"
      aria-selected={chosen}
      tabIndex={-1}
      className={`flex min-h-9 cursor-pointer items-center gap-2.5 rounded-md px-2 text-sm ${chosen ? "bg-accent-soft" : ""}`}
      onMouseMove={onPoint}
      onClick={onTake}
    >
      <Icon className="size-4 shrink-0 text-muted" aria-hidden />
      <span
        className={`min-w-0 truncate ${item.type === "query" || item.type === "recent" ? "font-mono text-xs" : "font-medium"}`}
      >
        {item.title}
      </span>
      <span className={`min-w-0 shrink-[2] truncate text-xs text-muted ${item.type === "saved" ? "font-mono" : ""}`}>
        {item.detail}
      </span>
      <span className="ml-auto flex shrink-0 items-center gap-2 text-xs text-muted">
        {item.health && <Health health={item.health} />}
        {item.key && <kbd className="rounded border border-line bg-raised px-1.5 font-mono">{item.key}</kbd>}
        {chosen && <CornerDownLeft className="size-3.5" aria-hidden />}
      </span>
    </div>
  );
}
