import { ArrowDownToLine, LoaderCircle, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { SearchQuery } from "../../api/generated";
import { Button } from "../../components/Button";
import { CoverageLine } from "../../components/CoverageLine";
import { count, many } from "../../lib/count";
import { duration } from "../../lib/time";

interface Props {
  result: SearchQuery["search"] | undefined;
  busy: boolean;
  fresh: number;
  onFresh: () => void;
  connected: boolean;
  /** The last try failed; what is shown is the answer before it. */
  old: boolean;
  /** Before the count, and before the coverage. */
  children?: ReactNode;
  tools?: ReactNode;
}

/** How many, how fast, and for which clusters the answer speaks. */
export function StatusLine({ result, busy, fresh, onFresh, connected, old, children, tools }: Props) {
  return (
    <div className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-raised px-3 py-1 text-sm">
      {children}
      <p aria-live="polite" className="font-semibold tabular-nums">
        {result ? many(result.total, "result") : "Searching"}
      </p>
      {result && (
        <span className="text-xs text-muted tabular-nums" title={`Answered by ${result.engine}`}>
          {duration(result.tookMs)}
        </span>
      )}
      {busy && <LoaderCircle className="spin size-3.5 text-muted" aria-label="Asking the hub" />}
      {old && (
        <span className="inline-flex items-center gap-1 text-xs text-warn">
          <TriangleAlert className="size-3.5" aria-hidden />
          not current
        </span>
      )}
      {fresh > 0 && (
        <Button small look="primary" icon={ArrowDownToLine} onClick={onFresh}>
          {count(fresh)} new
        </Button>
      )}
      {!connected && <span className="text-xs text-warn">Live updates are off: the hub refused them</span>}
      <span className="grow" />
      {tools}
      {result && (
        <span className="text-xs">
          <CoverageLine coverage={result.coverage} />
        </span>
      )}
    </div>
  );
}
