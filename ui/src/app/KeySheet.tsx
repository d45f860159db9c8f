import { Modal } from "../components/Modal";
import { set, useSettings } from "../components/settings";

const keys: [string, string][] = [
  ["/", "to the query bar"],
  ["Ctrl+K", "go to anything; ⌘K on a Mac"],
  ["g s", "Search"],
  ["g h", "Changes"],
  ["g c", "Clusters"],
  ["g x", "Actions"],
  ["g u", "Audit"],
  ["g a", "Apply a manifest"],
  ["j  k", "next, previous row"],
  ["x", "select the row; Shift+x up to it"],
  ["Enter", "open the row"],
  ["o", "open it in a new tab"],
  ["r", "restart what is selected or shown"],
  ["s", "scale it"],
  ["Delete", "delete it"],
  ["a", "every action on it"],
  ["e", "edit the manifest of what is shown"],
  ["[  ]", "to before the last changes, after the next"],
  ["1 - 7", "tabs of a resource"],
  ["Esc", "drop the selection, leave the bar, close"],
  ["?", "this sheet"],
];

export function KeySheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  const settings = useSettings();
  return (
    <Modal title="Keyboard" open={open} onClose={onClose}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5">
        {keys.map(([key, does]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded border border-line bg-raised px-1.5 py-0.5 font-mono text-xs whitespace-pre">
                {key}
              </kbd>
            </dt>
            <dd className="text-sm">{does}</dd>
          </div>
        ))}
      </dl>
      <label className="mt-4 flex items-center gap-2 text-sm">
        <input
          type="checkbox"
          checked={settings.keys}
          onChange={(e) => set({ keys: e.target.checked })}
          className="size-4 accent-(--accent)"
        />
        Single-letter keys are commands
      </label>
    </Modal>
  );
}
