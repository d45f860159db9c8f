import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId } from "react";
import { saveSearch, type Saved } from "../api/saved";
import { Button } from "./Button";
import { Modal } from "./Modal";
import { ErrorPanel } from "./Panels";

interface Props {
  /** The one to change; null for a new one. */
  saved: Saved | null;
  query: string;
  page: string;
  onClose: () => void;
}

/** Gives a search a name, or changes what has one. */
export function SaveDialog({ saved, query, page, onClose }: Props) {
  const client = useQueryClient();
  const id = useId();
  const save = useMutation({
    mutationFn: (form: FormData) => {
      const field = (name: string): string => {
        const value = form.get(name);
        return typeof value === "string" ? value.trim() : "";
      };
      return saveSearch(client, {
        ...(saved ? { id: saved.id } : {}),
        name: field("name"),
        description: field("description"),
        query: field("query"),
        page: saved?.page ?? page,
        shared: form.get("shared") !== null,
      });
    },
    onSuccess: onClose,
  });
  const box = "w-full rounded-md border border-edge bg-surface px-2.5 font-normal";
  return (
    <Modal title={saved ? `Change ${saved.name}` : "Save this search"} open onClose={onClose}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(new FormData(event.currentTarget));
        }}
      >
        <label className="flex flex-col gap-1 text-sm font-medium" htmlFor={`${id}-name`}>
          Name
          <input
            id={`${id}-name`}
            name="name"
            required
            maxLength={100}
            defaultValue={saved?.name ?? ""}
            autoComplete="off"
            className={`h-9 ${box}`}
          />
        </label>
        <label className="flex flex-col gap-1 text-sm font-medium" htmlFor={`${id}-query`}>
          Query
          <input
            id={`${id}-query`}
            name="query"
            required
            defaultValue={saved?.query ?? query}
            spellCheck={false}
            autoComplete="off"
            className={`h-9 font-mono text-xs ${box}`}
          />
        </label>
        <label className="flex flex-col gap-1 text-sm font-medium" htmlFor={`${id}-description`}>
          What it is for
          <textarea
            id={`${id}-description`}
            name="description"
            rows={2}
            maxLength={1000}
            defaultValue={saved?.description ?? ""}
            className={`py-1.5 ${box}`}
          />
        </label>
        <label className="flex items-center gap-2 text-sm">
          <input
            type="checkbox"
            name="shared"
            defaultChecked={saved?.shared ?? false}
            className="size-4 accent-(--accent)"
          />
          Everybody on this hub may run it
        </label>
        {save.error && <ErrorPanel error={save.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Modal>
  );
}
