import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ClipboardCheck, ExternalLink } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { action, plan, remember } from "../api/actions";
import type { ActionInput, ActionVerb } from "../api/generated";
import { count, many } from "../lib/count";
import { parseRef } from "../lib/ref";
import { ActionView } from "./ActionView";
import { Button } from "./Button";
import { Modal } from "./Modal";
import { ErrorPanel } from "./Panels";

/** What somebody wants done: to objects, or to every result of a query. */
export interface ActionRequest {
  verb: ActionVerb;
  refs?: string[];
  query?: string;
  /** Results of the query, to say how many. */
  total?: number;
  /** Selected objects that do not know the verb. */
  leftOut: number;
  replicas?: number | null;
}

const words: Record<ActionVerb, string> = { RESTART: "Restart", SCALE: "Scale" };

/** From a wish over its plan to its result: nothing is written before the plan was seen and confirmed. */
export function ActionDialog({ request, onClose }: { request: ActionRequest; onClose: () => void }) {
  const client = useQueryClient();
  const [id, setId] = useState<string | null>(null);
  const planned = useQuery({ ...action(id ?? ""), enabled: id !== null });
  const make = useMutation({
    mutationFn: plan,
    onSuccess: (a) => {
      remember(client, a);
      setId(a.id);
    },
  });
  const targets =
    request.query === undefined
      ? many(request.refs?.length ?? 0, "object")
      : `all ${count(request.total ?? 0)} results`;
  return (
    <Modal
      title={planned.data ? planned.data.title : `${words[request.verb]} ${targets}`}
      description={
        planned.data
          ? `Planned by ${planned.data.actor}`
          : "First a plan: every change is dry-run on its cluster, nothing is written."
      }
      open
      wide
      onClose={onClose}
    >
      {planned.data ? (
        <div className="flex flex-col gap-3">
          <ActionView action={planned.data} onFollow={setId} />
          <Link
            to="/actions/$id"
            params={{ id: planned.data.id }}
            className="inline-flex items-center gap-1 self-start text-sm text-accent hover:underline"
            onClick={onClose}
          >
            <ExternalLink className="size-3.5" aria-hidden />
            Open as a page that can be shared
          </Link>
        </div>
      ) : (
        <Wish request={request} busy={make.isPending} error={make.error} onPlan={(input) => make.mutate(input)} />
      )}
    </Modal>
  );
}

interface WishProps {
  request: ActionRequest;
  busy: boolean;
  error: unknown;
  onPlan: (input: ActionInput) => void;
}

function Wish({ request, busy, error, onPlan }: WishProps) {
  const id = useId();
  // The first field takes the focus, as the dialog opens for it alone.
  useEffect(() => {
    document.querySelector<HTMLInputElement>(`[id="${id}-replicas"], [id="${id}-reason"]`)?.focus();
  }, [id]);
  const refs = request.refs ?? [];
  const field = "h-9 rounded-md border border-edge bg-surface px-2.5 font-normal";
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const replicas = Number(form.get("replicas"));
        const reason = form.get("reason");
        onPlan({
          verb: request.verb,
          ...(request.query === undefined ? { refs } : { query: request.query }),
          ...(request.verb === "SCALE" ? { replicas } : {}),
          reason: typeof reason === "string" ? reason.trim() : "",
        });
      }}
    >
      {refs.length > 0 && (
        <ul
          className="max-h-32 overflow-y-auto rounded-md border border-line bg-raised px-3 py-2 font-mono text-xs"
          aria-label="Objects"
        >
          {refs.map((r) => (
            <li key={r} className="py-0.5 break-all">
              {r}
            </li>
          ))}
        </ul>
      )}
      {request.query !== undefined && (
        <p className="rounded-md border border-line bg-raised px-3 py-2 text-sm">
          Every result of <code className="font-mono">{request.query === "" ? "the empty query" : request.query}</code>{" "}
          that can be {request.verb === "SCALE" ? "scaled" : "restarted"}; the plan freezes the list.
        </p>
      )}
      {request.leftOut > 0 && (
        <p className="text-sm text-warn">
          {many(request.leftOut, "selected object")} {request.leftOut === 1 ? "knows" : "know"} no such action and{" "}
          {request.leftOut === 1 ? "is" : "are"} left out.
        </p>
      )}
      {request.verb === "SCALE" && (
        <label className="flex max-w-40 flex-col gap-1 text-sm font-medium">
          Replicas
          <input
            id={`${id}-replicas`}
            name="replicas"
            type="number"
            min={0}
            max={10000}
            step={1}
            required
            defaultValue={request.replicas ?? undefined}
            className={`${field} tabular-nums`}
          />
        </label>
      )}
      <label className="flex flex-col gap-1 text-sm font-medium">
        Reason, for the record
        <input id={`${id}-reason`} name="reason" maxLength={500} placeholder="Why, or a ticket" className={field} />
      </label>
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
