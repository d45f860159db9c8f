import { ClipboardCheck } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ActionInput } from "../../api/generated";
import { many } from "../../lib/count";
import { parseRef } from "../../lib/ref";
import { verbs } from "../../lib/verbs";
import { askedOf, draftOf, usualPace, wavesOf, type Draft, type Sample } from "../../lib/wish";
import { Button } from "../Button";
import { ErrorPanel } from "../Panels";
import { box, label, tick } from "./fields";
import { PaceFields } from "./PaceFields";
import type { ActionRequest } from "./request";
import { VerbFields } from "./VerbFields";
import { VerdictNotice } from "./VerdictNotice";

interface Props {
  request: ActionRequest;
  samples: readonly Sample[];
  first: string | undefined;
  busy: boolean;
  error: unknown;
  onPlan: (input: ActionInput) => void;
}

/** What a verb needs to know, with what is now; it ends with a plan. */
export function WishForm({ request, samples, first, busy, error, onPlan }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const { verb } = request;
  const [draft, setDraft] = useState<Draft>(() => ({
    ...draftOf(verb, samples),
    version: request.version?.id ?? "",
  }));
  const [pace, setPace] = useState(usualPace);
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState("");
  // The first field takes the focus, as the dialog opens for it alone.
  useEffect(() => {
    const field = form.current?.querySelector<HTMLElement>("input:not([readonly]), select");
    field?.focus();
    if (field instanceof HTMLInputElement && field.type !== "checkbox" && field.type !== "radio") field.select();
  }, []);
  const refs = request.refs ?? [];
  const several = request.query !== undefined || refs.length > 1;
  const change = (part: Partial<Draft>): void => {
    setMissing("");
    setDraft((d) => ({ ...d, ...part }));
  };

  const submit = (): void => {
    const asked = askedOf(verb, draft);
    const waves = wavesOf(pace);
    if ("missing" in asked) return setMissing(asked.missing);
    if (waves && "missing" in waves) return setMissing(waves.missing);
    onPlan({
      verb,
      ...(request.query === undefined ? { refs } : { query: request.query }),
      ...asked,
      ...(waves ? { waves } : {}),
      reason: reason.trim(),
    });
  };

  return (
    <form
      ref={form}
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <p className="text-sm text-muted">{verbs[verb].says}</p>
      <Targets request={request} />
      {first !== undefined && <VerdictNotice objectRef={first} verb={verb} />}
      <VerbFields verb={verb} draft={draft} samples={samples} first={first} request={request} onChange={change} />
      {missing !== "" && (
        <p role="alert" className="text-sm text-bad">
          {missing}
        </p>
      )}
      <label className={label}>
        Reason, for the record
        <input
          name="reason"
          maxLength={500}
          placeholder="Why, or a ticket"
          className={box}
          value={reason}
          onChange={(e) => setReason(e.target.value)}
        />
      </label>
      <details className="rounded-md border border-line">
        <summary className="cursor-pointer px-3 py-1.5 text-sm text-muted hover:bg-hover">
          How fast, and past whom
        </summary>
        <div className="flex flex-col gap-3 border-t border-line p-3">
          {several && <PaceFields pace={pace} onChange={setPace} />}
          <label className={tick}>
            <input
              type="checkbox"
              className="mt-0.5 size-4 accent-(--accent)"
              checked={draft.direct}
              onChange={(e) => change({ direct: e.target.checked })}
            />
            <span>
              Also where an owner would take the change back; without it such targets are left out and say by whom
            </span>
          </label>
        </div>
      </details>
      {error !== null && <ErrorPanel error={error} />}
      <div>
        <Button type="submit" look="primary" icon={ClipboardCheck} busy={busy}>
          {busy
            ? "Planning: dry run on the clusters"
            : `Plan for ${refs.length === 1 && refs[0] ? (parseRef(refs[0])?.name ?? "it") : request.query === undefined ? many(refs.length, "object") : "all results"}`}
        </Button>
      </div>
    </form>
  );
}

function Targets({ request }: { request: ActionRequest }) {
  const refs = request.refs ?? [];
  return (
    <>
      {refs.length > 0 && (
        <ul
          className="max-h-32 shrink-0 overflow-y-auto rounded-md border border-line bg-raised px-3 py-2 font-mono text-xs"
          aria-label="Objects"
          tabIndex={refs.length > 6 ? 0 : -1}
        >
          {refs.slice(0, 200).map((r) => (
            <li key={r} className="py-0.5 break-all">
              {r}
            </li>
          ))}
          {refs.length > 200 && <li className="py-0.5 text-muted">and {refs.length - 200} more</li>}
        </ul>
      )}
      {request.query !== undefined && (
        <p className="rounded-md border border-line bg-raised px-3 py-2 text-sm">
          Every result of <code className="font-mono">{request.query === "" ? "the empty query" : request.query}</code>{" "}
          that knows the action; the plan freezes the list.
        </p>
      )}
      {request.leftOut > 0 && (
        <p className="text-sm text-warn">
          {many(request.leftOut, "selected object")} {request.leftOut === 1 ? "knows" : "know"} no such action and{" "}
          {request.leftOut === 1 ? "is" : "are"} left out.
        </p>
      )}
    </>
  );
}
