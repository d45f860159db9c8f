import { useMutation, useQuery } from "@tanstack/react-query";
import { Link2, ShieldAlert, ShieldCheck } from "lucide-react";
import { auditState, verifyAudit } from "../../api/audit";
import { Button } from "../../components/Button";
import { ErrorPanel, Notice } from "../../components/Panels";
import { Time } from "../../components/Time";
import { count, many } from "../../lib/count";

/** Where the chain of rows ends, what was signed of it, and whether it is whole. */
export function Chain() {
  const { data } = useQuery(auditState());
  const verify = useMutation({ mutationFn: verifyAudit });
  const found = verify.data;
  return (
    <section aria-label="Chain" className="flex shrink-0 flex-col gap-2 border-b border-line bg-surface px-4 py-2">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        {data && (
          <>
            <span className="inline-flex items-center gap-1.5">
              <Link2 className="size-4 text-muted" aria-hidden />
              Ends at row {count(Number(data.seq))}
              <code className="font-mono text-xs text-muted" title={data.hash}>
                {data.hash.slice(0, 12)}
              </code>
            </span>
            <span className="text-muted">
              {data.checkpoint ? (
                <>
                  signed up to row {count(Number(data.checkpoint.seq))} <Time at={data.checkpoint.at} />
                </>
              ) : (
                "nothing is signed yet"
              )}
            </span>
          </>
        )}
        <Button small icon={ShieldCheck} className="ml-auto" busy={verify.isPending} onClick={() => verify.mutate()}>
          {verify.isPending ? "Reading every row" : "Verify"}
        </Button>
      </div>
      {verify.error && <ErrorPanel error={verify.error} />}
      {found && (
        <div role="status">
          {found.whole ? (
            <p className="inline-flex items-center gap-1.5 text-sm text-good">
              <ShieldCheck className="size-4" aria-hidden />
              Whole: {many(found.rows, "row")} and {many(found.checkpoints, "signed checkpoint")} are as they were
              written
              {found.rowsBefore > 0 && `, and ${many(found.rowsBefore, "row")} from before there was a chain`}
            </p>
          ) : (
            <Notice icon={ShieldAlert} tone="bad">
              <p className="font-medium">It is not as it was written:</p>
              <ul className="list-inside list-disc">
                {found.findings.map((f) => (
                  <li key={f}>{f}</li>
                ))}
              </ul>
            </Notice>
          )}
        </div>
      )}
    </section>
  );
}
