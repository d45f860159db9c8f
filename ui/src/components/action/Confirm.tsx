import { CircleCheck, Play } from "lucide-react";
import { useId, useState } from "react";
import type { Action } from "../../api/actions";
import { list, many } from "../../lib/count";
import { parseRef } from "../../lib/ref";
import { verbs } from "../../lib/verbs";
import { Button } from "../Button";

interface Props {
  action: Action;
  count: number;
  busy: boolean;
  onRun: (phrase: string | null) => void;
}

/** Runs a plan: by a click, or by typing what it reaches. */
export function Confirm({ action: a, count, busy, onRun }: Props) {
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
        <Button
          type="submit"
          look={a.verb === "DELETE" || a.verb === "DRAIN" ? "danger" : "primary"}
          icon={Play}
          busy={busy}
          disabled={phrase !== null && typed !== phrase}
        >
          {a.undoes ? "Put back" : verbs[a.verb].run} {many(count, "object")} in{" "}
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
