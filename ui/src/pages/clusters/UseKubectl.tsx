import { CopyButton } from "../../components/CopyButton";
import { Modal } from "../../components/Modal";
import { contextOf } from "../../lib/kubectl";

/** What to run so that kubectl, k9s and programs read the fleet, or a cluster, through this hub. */
export function UseKubectl({ cluster, onClose }: { cluster: string | undefined; onClose: () => void }) {
  const steps = [
    {
      title: "Write a context for the fleet, and one for each cluster, into your kubeconfig",
      command: `foretop kubeconfig --write --server ${window.location.origin}`,
    },
    { title: "All clusters at once", command: `kubectl --context ${contextOf()} get pods -A` },
    {
      title: "One cluster, printed as it would print it itself",
      command: `kubectl --context ${contextOf(cluster ?? "CLUSTER")} get deployments -A -o wide`,
    },
    { title: "In a terminal that keeps itself up to date", command: `k9s --context ${contextOf()}.qualified` },
  ];
  return (
    <Modal
      title="Use with kubectl"
      description="The hub answers as a Kubernetes API server: for reading, even while a cluster is away."
      open
      onClose={onClose}
      wide
    >
      <ol className="flex flex-col gap-4">
        {steps.map((s) => (
          <li key={s.title} className="flex flex-col gap-1.5">
            <p className="text-sm">{s.title}</p>
            <div className="flex flex-wrap items-start gap-2">
              <pre className="min-w-0 grow rounded-md border border-line bg-raised px-3 py-2 font-mono text-xs break-all whitespace-pre-wrap">
                {s.command}
              </pre>
              <CopyButton small text={s.command} what="command" />
            </div>
          </li>
        ))}
      </ol>
    </Modal>
  );
}
