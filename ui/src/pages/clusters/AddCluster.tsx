import { useMutation, useQueryClient } from "@tanstack/react-query";
import { TicketPlus } from "lucide-react";
import { addCluster, clusters } from "../../api/clusters";
import { Button } from "../../components/Button";
import { CopyButton } from "../../components/CopyButton";
import { Modal } from "../../components/Modal";
import { ErrorPanel } from "../../components/Panels";
import { Time } from "../../components/Time";

/** Registers a member and shows, once, what to run beside it. */
export function AddCluster({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const add = useMutation({
    mutationFn: addCluster,
    onSuccess: () => void client.invalidateQueries({ queryKey: clusters().queryKey }),
  });
  return (
    <Modal
      title="Add a cluster"
      description="Its collector dials this hub, so the cluster needs no open port."
      open
      onClose={onClose}
      wide
    >
      {add.data ? (
        <div className="flex flex-col gap-3">
          <p>
            Run this where <strong>{add.data.cluster}</strong> can be reached. The token in it works once, until{" "}
            <Time at={add.data.expiresAt} as="clock" />, and is not shown again.
          </p>
          <pre className="overflow-x-auto rounded-md border border-line bg-raised p-3 font-mono text-xs break-all whitespace-pre-wrap">
            {add.data.command}
          </pre>
          <div>
            <CopyButton text={add.data.command} what="command" />
          </div>
          <p className="text-sm text-muted">The cluster is listed as pending until its collector is heard from.</p>
        </div>
      ) : (
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            const name = new FormData(event.currentTarget).get("name");
            if (typeof name === "string") add.mutate(name.trim());
          }}
        >
          <label className="flex flex-col gap-1 text-sm font-medium">
            Name of the cluster
            <input
              name="name"
              required
              maxLength={63}
              autoComplete="off"
              spellCheck={false}
              placeholder="prod-eu-1"
              className="h-9 max-w-sm rounded-md border border-edge bg-surface px-2.5 font-mono font-normal"
            />
          </label>
          {add.error && <ErrorPanel error={add.error} />}
          <div>
            <Button type="submit" look="primary" icon={TicketPlus} busy={add.isPending}>
              Make the join command
            </Button>
          </div>
        </form>
      )}
    </Modal>
  );
}
