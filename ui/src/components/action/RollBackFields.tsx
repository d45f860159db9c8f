import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useId, type ReactNode } from "react";
import { history, keptRevisions } from "../../api/resource";
import { parseRef } from "../../lib/ref";
import { revisionsOf, revisionsQuery } from "../../lib/revisions";
import { changeWords } from "../../lib/versions";
import { ErrorPanel, Skeleton } from "../Panels";
import { Time } from "../Time";
import type { FieldProps } from "./VerbFields";

/** So many versions of history are offered; the History tab has all. */
const most = 8;

/** Where to: the revision before, another one that the member keeps, or a version from history. */
export function RollBackFields({ draft: d, first, request, onChange }: FieldProps) {
  const one = request.query === undefined && request.refs?.length === 1 ? first : undefined;
  if (request.version)
    return (
      <p className="text-sm">
        Back to the version of history after: <strong>{request.version.words}</strong>
      </p>
    );
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-1 text-sm font-medium">Back to</legend>
      <Choice checked={d.revision === "" && d.version === ""} onChoose={() => onChange({ revision: "", version: "" })}>
        the revision before the one that runs
      </Choice>
      {one !== undefined && (
        <>
          <Revisions objectRef={one} chosen={d.revision} onChoose={(revision) => onChange({ revision, version: "" })} />
          <Versions objectRef={one} chosen={d.version} onChoose={(version) => onChange({ revision: "", version })} />
        </>
      )}
    </fieldset>
  );
}

function Choice({
  checked,
  onChoose,
  disabled = false,
  children,
}: {
  checked: boolean;
  onChoose: () => void;
  disabled?: boolean;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <label htmlFor={id} className="flex min-h-6 items-start gap-2 text-sm">
      <input
        id={id}
        type="radio"
        name="back"
        className="mt-0.5 size-4 shrink-0 accent-(--accent)"
        checked={checked}
        disabled={disabled}
        onChange={onChoose}
      />
      <span className="min-w-0">{children}</span>
    </label>
  );
}

interface ListProps {
  objectRef: string;
  chosen: string;
  onChoose: (id: string) => void;
}

function Revisions({ objectRef, chosen, onChoose }: ListProps) {
  const ref = parseRef(objectRef);
  const { data, error } = useQuery({ ...keptRevisions(ref ? revisionsQuery(ref) : ""), enabled: ref !== undefined });
  if (error) return <ErrorPanel error={error} />;
  if (!data) return <Skeleton rows={2} label="Asking for the revisions" />;
  const list = revisionsOf(data);
  if (list.length < 2) return null;
  return (
    <section aria-label="Revisions" className="flex flex-col gap-1">
      <h3 className="text-xs font-semibold text-muted">Revisions that the cluster keeps</h3>
      {list.map((r) => (
        <Choice
          key={r.number}
          checked={chosen === String(r.number)}
          disabled={r.current}
          onChoose={() => onChoose(String(r.number))}
        >
          {r.number}
          {r.current && " (runs now)"} <span className="font-mono text-xs break-all">{r.images.join(", ")}</span>{" "}
          <span className="text-xs text-muted">
            <Time at={r.createdAt} />
            {r.cause && ` · ${r.cause}`}
          </span>
        </Choice>
      ))}
    </section>
  );
}

function Versions({ objectRef, chosen, onChoose }: ListProps) {
  const { data, error } = useInfiniteQuery(history(objectRef));
  if (error) return <ErrorPanel error={error} />;
  if (!data) return <Skeleton rows={2} label="Asking for the history" />;
  const list = data.pages
    .flatMap((p) => p.nodes)
    .filter((v) => v.type !== "DELETED" && (v.meaningful || v.type !== "UPDATED"))
    .slice(1, most + 1);
  if (list.length === 0) return null;
  return (
    <section aria-label="Versions" className="flex flex-col gap-1">
      <h3 className="text-xs font-semibold text-muted">Pod templates of earlier versions</h3>
      {list.map((v) => (
        <Choice key={v.id} checked={chosen === v.id} onChoose={() => onChoose(v.id)}>
          {changeWords(v)}{" "}
          <span className="text-xs text-muted">
            <Time at={v.observedAt} />
            {v.changedBy && ` · ${v.changedBy}`}{" "}
            {v.images.length > 0 && <span className="font-mono">{v.images.join(", ")}</span>}
          </span>
        </Choice>
      ))}
    </section>
  );
}
