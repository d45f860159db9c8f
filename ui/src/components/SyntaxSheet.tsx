import { Modal } from "./Modal";

const sheet: { part: string; rows: { query: string; says: string }[] }[] = [
  {
    part: "Words and fields",
    rows: [
      { query: "checkout", says: "the word, in names, labels, images, reasons; best first" },
      { query: "ns:shop kind:deploy", says: "both; kinds by name, plural or short name" },
      { query: "cluster:zone1,zone2", says: "either" },
      { query: "name:*api*", says: "* any run of characters, ? one" },
      { query: "label.app=web", says: "= compares exactly, as kubectl does" },
      { query: 'selector:"app in (web,api),tier!=db"', says: "a Kubernetes label selector" },
    ],
  },
  {
    part: "Not, or, ranges",
    rows: [
      { query: "-ns:kube-* status:!Ready", says: "a minus or ! refuses" },
      { query: "(cluster:zone1 OR cluster:zone2) is:unhealthy", says: "OR in capitals; space means and" },
      { query: "replicas:0..3 restarts>=5", says: "numbers and ranges" },
      { query: "age<1h changed<15m", says: "s, m, h, d and w" },
      { query: "name:/^web-\\d+$/", says: "a regular expression" },
      { query: "no:owner has:label.team", says: "absent, present" },
    ],
  },
  {
    part: "What it belongs to, uses and says",
    rows: [
      { query: "owner:deploy/app2", says: "what belongs to it, at any height" },
      { query: "uses:Secret/db-creds", says: "what would miss it" },
      { query: "no:limits kind:deploy", says: "a container without limits" },
      { query: "zone:eu-* is:unhealthy", says: "by labels of the node or the cluster" },
      { query: "ip:10.0.0.0/8 cond.Ready:False", says: "addresses in a range; a condition" },
      { query: 'content:"max_connections"', says: "text anywhere in manifests" },
    ],
  },
  {
    part: "Time and order",
    rows: [
      { query: "at:-30m app:app2", says: "the fleet as it was" },
      { query: "deleted<1h ns:shop", says: "what vanished" },
      { query: "changed.by:helm changed.field:spec.replicas", says: "who changed what" },
      { query: "kind:pod sort:age-asc limit:20", says: "order and size of the list" },
      { query: "kind:pod group:cluster,status", says: "counts, up to three fields together" },
    ],
  },
];

interface Props {
  open: boolean;
  onClose: () => void;
  onPick: (query: string) => void;
}

export function SyntaxSheet({ open, onClose, onPick }: Props) {
  return (
    <Modal title="How to ask" description="Every example runs when you choose it." open={open} onClose={onClose} wide>
      <div className="grid gap-5">
        {sheet.map((s) => (
          <section key={s.part}>
            <h3 className="mb-1 text-xs font-semibold text-muted">{s.part}</h3>
            <ul className="divide-y divide-line">
              {s.rows.map((r) => (
                <li key={r.query} className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 py-1">
                  <button
                    type="button"
                    className="min-h-6 rounded px-1 text-left font-mono text-sm break-all text-accent hover:bg-accent-soft"
                    onClick={() => {
                      onPick(r.query);
                      onClose();
                    }}
                  >
                    {r.query}
                  </button>
                  <span className="text-sm text-muted">{r.says}</span>
                </li>
              ))}
            </ul>
          </section>
        ))}
        <p className="text-sm text-muted">
          In the bar: <kbd>Tab</kbd> takes a suggestion, <kbd>Enter</kbd> runs, <kbd>↑</kbd> recalls earlier queries.
        </p>
      </div>
    </Modal>
  );
}
