import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ExternalLink } from "lucide-react";
import { useState } from "react";
import { action, plan, remember } from "../../api/actions";
import { count, many } from "../../lib/count";
import { verbs } from "../../lib/verbs";
import { Modal } from "../Modal";
import { Skeleton } from "../Panels";
import { ActionView } from "./ActionView";
import { useSamples, type ActionRequest } from "./request";
import { WishForm } from "./WishForm";

/** From a wish over its plan to its result: nothing is written before the plan was seen and confirmed. */
export function ActionDialog({ request, onClose }: { request: ActionRequest; onClose: () => void }) {
  const client = useQueryClient();
  const [id, setId] = useState<string | null>(null);
  const planned = useQuery({ ...action(id ?? ""), enabled: id !== null });
  const { samples, ready, first } = useSamples(request);
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
      title={planned.data ? planned.data.title : `${verbs[request.verb].word}: ${targets}`}
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
      ) : ready ? (
        <WishForm
          request={request}
          samples={samples}
          first={first}
          busy={make.isPending}
          error={make.error}
          onPlan={(input) => make.mutate(input)}
        />
      ) : (
        <Skeleton rows={4} label="Asking what is now" />
      )}
    </Modal>
  );
}
