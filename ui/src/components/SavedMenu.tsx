import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Bookmark, BookmarkCheck, Pencil, Plus, Trash2, Users } from "lucide-react";
import { Popover } from "radix-ui";
import { lazy, Suspense, useEffect, useState } from "react";
import { deleteSavedSearch, savedSearches, type Saved } from "../api/saved";
import { Button } from "./Button";
import { ErrorPanel, Skeleton } from "./Panels";

const SaveDialog = lazy(async () => ({ default: (await import("./SaveDialog")).SaveDialog }));

interface Props {
  /** resources or changes: what the query is asked of. */
  page: string;
  query: string;
  onRun: (saved: Saved) => void;
}

/** The menu's name on the page, for commands from elsewhere. */
export const saveEvent = "foretop:save-search";

/** Searches with a name: run one, give this one a name, share it, change it, delete it. */
export function SavedMenu({ page, query, onRun }: Props) {
  const [open, setOpen] = useState(false);
  const [editing, setEditing] = useState<Saved | "new" | null>(null);
  const { data } = useQuery(savedSearches());
  const current = data?.find((s) => s.query === query && s.page === page && query !== "");
  useEffect(() => {
    const onSave = (): void => setEditing("new");
    window.addEventListener(saveEvent, onSave);
    return () => window.removeEventListener(saveEvent, onSave);
  }, []);
  const Icon = current ? BookmarkCheck : Bookmark;
  return (
    <>
      <Popover.Root open={open} onOpenChange={setOpen}>
        <Popover.Trigger
          title="Saved searches"
          className="inline-flex min-h-6 max-w-48 min-w-0 items-center gap-1 rounded-md border border-edge/60 bg-surface px-2 text-xs hover:bg-hover"
        >
          <Icon className={`size-3.5 shrink-0 ${current ? "text-accent" : ""}`} aria-hidden />
          <span className="truncate">{current ? current.name : "Saved"}</span>
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content
            align="end"
            sideOffset={4}
            collisionPadding={8}
            aria-label="Saved searches"
            className="z-50 flex max-h-[min(34rem,80dvh)] w-[min(26rem,calc(100vw-1.5rem))] flex-col rounded-lg border border-line bg-surface shadow-xl"
          >
            <List
              onRun={(s) => {
                setOpen(false);
                onRun(s);
              }}
              onEdit={(s) => {
                setOpen(false);
                setEditing(s);
              }}
            />
            <div className="border-t border-line p-2">
              <Button
                icon={Plus}
                className="w-full"
                disabled={query.trim() === ""}
                title={query.trim() === "" ? "Ask something first" : undefined}
                onClick={() => {
                  setOpen(false);
                  setEditing("new");
                }}
              >
                Save this search
              </Button>
            </div>
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
      {editing !== null && (
        <Suspense>
          <SaveDialog
            saved={editing === "new" ? null : editing}
            query={query}
            page={page}
            onClose={() => setEditing(null)}
          />
        </Suspense>
      )}
    </>
  );
}

/** Above this many a field to find one among them stands before the list. */
const short = 8;

function List({ onRun, onEdit }: { onRun: (s: Saved) => void; onEdit: (s: Saved) => void }) {
  const { data, error, refetch } = useQuery(savedSearches());
  const [typed, setTyped] = useState("");
  if (error && !data) return <ErrorPanel error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton rows={3} label="Asking for saved searches" />;
  if (data.length === 0)
    return (
      <p className="p-4 text-sm text-muted">
        No search has a name yet. What you save stands here, in the bar&apos;s suggestions and in the palette.
      </p>
    );
  const like = typed.trim().toLowerCase();
  const found = data.filter((s) => `${s.name} ${s.description} ${s.query} ${s.owner}`.toLowerCase().includes(like));
  return (
    <>
      {data.length > short && (
        <input
          type="search"
          aria-label="Find a saved search"
          placeholder="Find a saved search"
          value={typed}
          onChange={(e) => setTyped(e.target.value)}
          className="m-2 h-8 rounded-md border border-edge/60 bg-transparent px-2 text-sm outline-none focus:border-accent"
        />
      )}
      <ul className="min-h-0 grow overflow-y-auto p-1">
        {found.map((s) => (
          <Row key={s.id} saved={s} onRun={() => onRun(s)} onEdit={() => onEdit(s)} />
        ))}
        {found.length === 0 && <li className="p-2 text-sm text-muted">None is like that.</li>}
      </ul>
    </>
  );
}

function Row({ saved: s, onRun, onEdit }: { saved: Saved; onRun: () => void; onEdit: () => void }) {
  const client = useQueryClient();
  const [sure, setSure] = useState(false);
  const drop = useMutation({ mutationFn: () => deleteSavedSearch(client, s.id) });
  return (
    <li className="rounded-md hover:bg-hover">
      <div className="flex items-stretch">
        <button type="button" className="flex min-w-0 grow flex-col px-2 py-1.5 text-left" onClick={onRun}>
          <span className="flex max-w-full items-center gap-1.5 text-sm font-medium">
            <span className="truncate">{s.name}</span>
            {s.shared && (
              <span className="inline-flex shrink-0 items-center gap-1 text-xs font-normal text-muted">
                <Users className="size-3.5" aria-hidden />
                {s.mine ? "shared" : `by ${s.owner}`}
              </span>
            )}
            {s.page !== "resources" && <span className="shrink-0 text-xs font-normal text-muted">{s.page}</span>}
          </span>
          <span className="max-w-full truncate font-mono text-xs text-muted" title={s.query}>
            {s.query}
          </span>
          {s.description && <span className="max-w-full truncate text-xs text-muted">{s.description}</span>}
        </button>
        {s.mine && (
          <>
            <button
              type="button"
              aria-label={`Change ${s.name}`}
              title="Rename, share, change"
              className="grid w-8 shrink-0 place-items-center rounded text-muted hover:text-ink"
              onClick={onEdit}
            >
              <Pencil className="size-3.5" aria-hidden />
            </button>
            <button
              type="button"
              aria-label={`Delete ${s.name}`}
              title="Delete"
              className="grid w-8 shrink-0 place-items-center rounded text-muted hover:text-bad"
              onClick={() => setSure(true)}
            >
              <Trash2 className="size-3.5" aria-hidden />
            </button>
          </>
        )}
      </div>
      {sure && (
        <p className="flex flex-wrap items-center gap-2 px-2 pb-2 text-sm" role="alert">
          {drop.error ? drop.error.message : s.shared ? "Others use it too." : "It cannot be taken back."}
          <Button small look="danger" busy={drop.isPending} onClick={() => drop.mutate()}>
            Delete
          </Button>
          <Button small look="quiet" onClick={() => setSure(false)}>
            Keep
          </Button>
        </p>
      )}
    </li>
  );
}
