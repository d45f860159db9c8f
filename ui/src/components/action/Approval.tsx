import { useMutation, useQueryClient } from "@tanstack/react-query";
import { UserCheck, Users } from "lucide-react";
import { approve, remember, type Action } from "../../api/actions";
import { Button } from "../Button";
import { ErrorPanel, Notice } from "../Panels";
import { Time } from "../Time";

/** Who approved a plan, and the button of those who may. */
export function Approval({ action: a }: { action: Action }) {
  const client = useQueryClient();
  const agree = useMutation({ mutationFn: () => approve(a.id), onSuccess: (next) => remember(client, next) });
  if (!a.needsApproval && a.approvals.length === 0) return null;
  return (
    <>
      {a.approvals.map((p) => (
        <p key={`${p.by} ${p.at}`} className="inline-flex items-center gap-1.5 text-sm">
          <UserCheck className="size-4 shrink-0 text-good" aria-hidden />
          Approved by {p.by} <Time at={p.at} />
        </p>
      ))}
      {a.needsApproval && (
        <Notice icon={Users} tone="info">
          <div className="flex flex-wrap items-center gap-2">
            <span className="min-w-0">
              {a.canApprove
                ? `${a.actor} planned this and asks for your approval; without it nobody can run it.`
                : "Another person has to approve this before it can be run: send them the address of this page."}
            </span>
            {a.canApprove && (
              <Button icon={UserCheck} busy={agree.isPending} onClick={() => agree.mutate()}>
                Approve
              </Button>
            )}
          </div>
        </Notice>
      )}
      {agree.error && <ErrorPanel error={agree.error} />}
    </>
  );
}
