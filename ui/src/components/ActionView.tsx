import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ban, CircleAlert, CircleCheck, OctagonX, Play, TriangleAlert, Undo2 } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { followAction, remember, run, stop, undo, type Action } from "../api/actions";
import { list, many } from "../lib/count";
import { groupTargets } from "../lib/plan";
import { parseRef } from "../lib/ref";
import { ActionStateMark } from "./ActionStateMark";
import { Button } from "./Button";
import { ErrorPanel, Notice } from "./Panels";
import { TargetGroup } from "./TargetGroup";
import { Time } from "./Time";

interface Props {
  action: Action;
  /** Shows another action in this one's place: the plan that undoes it. */
  onFollow: (id: string) => void;
}

/** A plan with its confirmation, a run with its progress, a result with its undo. */
export function ActionView({ action: a, onFollow }: Props) {
  const client = useQueryClient();
  const running = a.state === "RUNNING";
  useEffect(() => (running ? followAction(client, a.id) : undefined), [client, a.id, running]);

  const onSuccess = (next: Action): void => remember(client, next);
  const start = useMutation({ mutationFn: (phrase: string | null) => run(a.id, phrase), onSuccess });
  const halt = useMutation({ mutationFn: () => stop(a.id), onSuccess });
  const revert = useMutation({
    mutationFn: () => undo(a.id),
    onSuccess: (next) => {
      remember(client, next);
      void client.invalidateQueries({ queryKey: ["action", a.id] });
      onFollow(next.id);
    },
  });
  const blocked = a.targets.filter((t) => t.state === "BLOCKED").length;
  const ready = a.targets.filter((t) => t.state === "READY").length;
  const groups = groupTargets(a.targets);

  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        <ActionStateMark state={a.state} />
        <span>
          {many(a.total, "target")}
          {blocked > 0 && `, ${blocked} blocked`}
        </span>
        {a.reason && <span className="text-muted">Reason: {a.reason}</span>}
        {a.undoes && (
          <span>
            Undoes{" "}
            <Link to="/actions/$id" params={{ id: a.undoes }} className="text-accent underline">
              an earlier action
            </Link>
          </span>
        )}
        {a.undoneBy && (
          <span>
            Undone by{" "}
            <Link to="/actions/$id" params={{ id: a.undoneBy }} className="text-accent underline">
              a later action
            </Link>
          </span>
        )}
      </div>

      {a.state !== "PLANNED" && a.state !== "EXPIRED" && <Progress action={a} />}

      {a.warnings.map((w) => (
        <Notice key={w} icon={TriangleAlert}>
          {w}
        </Notice>
      ))}
      {blocked > 0 && a.state === "PLANNED" && (
        <Notice icon={Ban} tone="bad">
          {ready === 0
            ? "No target can be acted on; below stands why."
            : `${many(blocked, "target")} will be left out; below stands why.`}
        </Notice>
      )}

      <div className="flex flex-col gap-2">
        {groups.map((g) => (
          <TargetGroup key={g.key} group={g} planned={a.state === "PLANNED"} open={groups.length <= 3} />
        ))}
      </div>

      {a.state === "PLANNED" && ready > 0 && (
        <Confirm key={a.id} action={a} count={ready} busy={start.isPending} onRun={(phrase) => start.mutate(phrase)} />
      )}
      {a.state === "EXPIRED" && (
        <Notice icon={CircleAlert} tone="info">
          This plan is too old to be run: the clusters have moved on. Make a new one.
        </Notice>
      )}
      {running && (
        <div>
          <Button look="danger" icon={OctagonX} busy={halt.isPending} onClick={() => halt.mutate()}>
            Stop before the next target
          </Button>
        </div>
      )}
      {a.canUndo && !running && (
        <div className="flex flex-wrap items-center gap-2">
          <Button icon={Undo2} busy={revert.isPending} onClick={() => revert.mutate()}>
            Undo
          </Button>
          <span className="text-sm text-muted">plans the way back; you confirm it like any other action</span>
        </div>
      )}
      {[start.error, halt.error, revert.error].map((error, i) => (error ? <ErrorPanel key={i} error={error} /> : null))}
    </div>
  );
}

function Progress({ action: a }: { action: Action }) {
  const over = a.done + a.failed;
  return (
    <div className="flex flex-col gap-1">
      <div
        role="progressbar"
        aria-label="Targets done"
        aria-valuemin={0}
        aria-valuemax={a.total}
        aria-valuenow={over}
        className="flex h-2 overflow-hidden rounded-full bg-line"
      >
        <span className="bg-good transition-[width]" style={{ width: `${(a.done / Math.max(1, a.total)) * 100}%` }} />
        <span className="bg-bad transition-[width]" style={{ width: `${(a.failed / Math.max(1, a.total)) * 100}%` }} />
      </div>
      <p aria-live="polite" className="text-sm">
        {a.done} of {a.total} done{a.failed > 0 ? `, ${a.failed} failed` : ""}
        {a.finishedAt ? (
          <>
            , finished <Time at={a.finishedAt} />
          </>
        ) : a.startedAt ? (
          <>
            , started <Time at={a.startedAt} />
          </>
        ) : null}
      </p>
    </div>
  );
}

interface ConfirmProps {
  action: Action;
  count: number;
  busy: boolean;
  onRun: (phrase: string | null) => void;
}

function Confirm({ action: a, count, busy, onRun }: ConfirmProps) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const phrase = a.confirmPhrase;
  const clusters = [
    ...new Set(a.targets.filter((t) => t.state === "READY").map((t) => parseRef(t.ref)?.cluster ?? "")),
  ];
  return (
    <form
      className="flex flex-col gap-2 rounded-lg border border-edge/50 bg-raised p-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (phrase === null || typed === phrase) onRun(phrase);
      }}
    >
      {phrase !== null && (
        <>
          <label htmlFor={id} className="text-sm">
            This reaches far. Type <strong className="font-mono select-all">{phrase}</strong> to run it.
          </label>
          <input
            id={id}
            value={typed}
            onChange={(e) => setTyped(e.target.value)}
            autoComplete="off"
            spellCheck={false}
            className="h-9 max-w-md rounded-md border border-edge bg-surface px-2.5 font-mono"
          />
        </>
      )}
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" look="primary" icon={Play} busy={busy} disabled={phrase !== null && typed !== phrase}>
          {a.verb === "SCALE" ? "Scale" : "Restart"} {many(count, "object")} in{" "}
          {clusters.length <= 3 ? list(clusters) : many(clusters.length, "cluster")}
        </Button>
        <span className="inline-flex items-center gap-1 text-xs text-muted">
          <CircleCheck className="size-3.5 text-good" aria-hidden />
          dry run passed on every target that runs
        </span>
      </div>
    </form>
  );
}
