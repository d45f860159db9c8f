import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ban, CircleAlert, OctagonX, RefreshCw, Repeat, TriangleAlert, Undo2 } from "lucide-react";
import { useEffect, useState } from "react";
import { followAction, plan, remember, retry, run, stop, underWay, undo, type Action } from "../../api/actions";
import type { ActionInput } from "../../api/generated";
import { inputOf } from "../../lib/again";
import { count, many } from "../../lib/count";
import { groupTargets, tally } from "../../lib/plan";
import { Button } from "../Button";
import { ErrorPanel, Notice } from "../Panels";
import { ActionStateMark } from "./ActionStateMark";
import { Approval } from "./Approval";
import { Asked } from "./Asked";
import { Confirm } from "./Confirm";
import { DryRunProgress, Progress } from "./Progress";
import { RunTable, type TargetFilter } from "./RunTable";
import { TargetGroup } from "./TargetGroup";

interface Props {
  action: Action;
  /** Shows another action in this one's place: the plan that undoes it. */
  onFollow: (id: string) => void;
  /** Which targets of a run are shown, when the address holds it. */
  filter?: TargetFilter;
  onFilter?: (filter: TargetFilter) => void;
}

/** So many ways to change are drawn at once. */
const mostGroups = 20;

/** A plan with its confirmation, a run with its progress, a result with its undo. */
export function ActionView({ action: a, onFollow, filter, onFilter }: Props) {
  const client = useQueryClient();
  const [ownFilter, setOwnFilter] = useState<TargetFilter>({ state: "", cluster: "" });
  const [changes, setChanges] = useState(false);
  const moving = underWay(a);
  // A plan may be run by somebody else while one looks at it.
  const follow = moving || a.state === "PLANNED";
  useEffect(() => (follow ? followAction(client, a.id) : undefined), [client, a.id, follow]);

  const onSuccess = (next: Action): void => remember(client, next);
  const onAnother = (next: Action): void => {
    remember(client, next);
    void client.invalidateQueries({ queryKey: ["action", a.id] });
    onFollow(next.id);
  };
  const start = useMutation({ mutationFn: (phrase: string | null) => run(a.id, phrase), onSuccess });
  const halt = useMutation({ mutationFn: () => stop(a.id), onSuccess });
  const revert = useMutation({ mutationFn: () => undo(a.id), onSuccess: onAnother });
  const repeat = useMutation({ mutationFn: () => retry(a.id), onSuccess: onAnother });
  const renew = useMutation({
    mutationFn: () => (a.undoes ? undo(a.undoes) : plan(inputOf(a) as ActionInput)),
    onSuccess: onAnother,
  });
  const counts = tally(a.targets);
  const blocked = counts.get("BLOCKED") ?? 0;
  const ready = counts.get("READY") ?? 0;
  const before = a.state === "PLANNING" || a.state === "PLANNED" || a.state === "EXPIRED";
  const waves = a.waves.count > 1;
  const over = !before && !moving;

  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        <ActionStateMark state={a.state} />
        <span>
          {many(a.total, "target")}
          {blocked > 0 && `, ${count(blocked)} blocked`}
        </span>
        {a.reason && <span className="break-words text-muted">Reason: {a.reason}</span>}
        <Kin says="Undoes" id={a.undoes} word="an earlier action" />
        <Kin says="Undone by" id={a.undoneBy} word="a later action" />
        <Kin says="Retries" id={a.retries} word="an earlier action" />
        <Kin says="Retried by" id={a.retriedBy} word="a later action" />
      </div>
      <Asked action={a} />

      {a.state === "PLANNING" && <DryRunProgress action={a} pending={counts.get("PENDING") ?? 0} />}
      {!before && <Progress action={a} />}

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

      {before ? (
        <Groups action={a} waves={waves} />
      ) : (
        <>
          <RunTable
            targets={a.targets}
            waves={waves}
            filter={filter ?? ownFilter}
            onFilter={onFilter ?? setOwnFilter}
          />
          <details className="rounded-lg border border-line" onToggle={(e) => setChanges(e.currentTarget.open)}>
            <summary className="cursor-pointer px-3 py-1.5 text-sm text-muted hover:bg-hover">What it changes</summary>
            {changes && (
              <div className="border-t border-line p-3">
                <Groups action={a} waves={waves} />
              </div>
            )}
          </details>
        </>
      )}

      {a.state === "PLANNED" && <Approval action={a} />}
      {a.state === "PLANNED" && ready > 0 && !a.needsApproval && (
        <Confirm key={a.id} action={a} count={ready} busy={start.isPending} onRun={(phrase) => start.mutate(phrase)} />
      )}
      {a.state === "EXPIRED" && (
        <Notice icon={CircleAlert} tone="info">
          This plan is too old to be run: the clusters have moved on.{" "}
          <Button small icon={RefreshCw} busy={renew.isPending} onClick={() => renew.mutate()}>
            Plan it again
          </Button>
        </Notice>
      )}
      {moving && (
        <div>
          <Button look="danger" icon={OctagonX} busy={halt.isPending} onClick={() => halt.mutate()}>
            {a.state === "PLANNING" ? "Stop planning" : "Stop before the next target"}
          </Button>
        </div>
      )}
      {over && (a.canUndo || a.canRetry) && (
        <div className="flex flex-wrap items-center gap-2">
          {a.canRetry && (
            <Button icon={Repeat} busy={repeat.isPending} onClick={() => repeat.mutate()}>
              Retry what failed
            </Button>
          )}
          {a.canUndo && (
            <Button icon={Undo2} busy={revert.isPending} onClick={() => revert.mutate()}>
              Undo
            </Button>
          )}
          <span className="text-sm text-muted">makes a plan, which you confirm like any other</span>
        </div>
      )}
      {[start.error, halt.error, revert.error, repeat.error, renew.error].map((error, i) =>
        error ? <ErrorPanel key={i} error={error} /> : null,
      )}
    </div>
  );
}

function Groups({ action: a, waves }: { action: Action; waves: boolean }) {
  const [all, setAll] = useState(false);
  const groups = groupTargets(a.targets);
  const shown = all ? groups : groups.slice(0, mostGroups);
  return (
    <div className="flex flex-col gap-2">
      {shown.map((g) => (
        <TargetGroup key={g.key} group={g} waves={waves} open={groups.length <= 3} />
      ))}
      {shown.length < groups.length && (
        <div>
          <Button onClick={() => setAll(true)}>
            {count(groups.length - shown.length)} more groups of targets that change otherwise
          </Button>
        </div>
      )}
    </div>
  );
}

function Kin({ says, id, word }: { says: string; id: string | null; word: string }) {
  if (id === null) return null;
  return (
    <span>
      {says}{" "}
      <Link to="/actions/$id" params={{ id }} className="text-accent underline">
        {word}
      </Link>
    </span>
  );
}
