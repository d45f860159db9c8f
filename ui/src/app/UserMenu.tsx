import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Check, Keyboard, LogOut, Monitor, Moon, Sun, SunMoon } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { logout } from "../api/client";
import { set, useSettings } from "../components/settings";

const themes = [
  { value: "light", word: "Light", icon: Sun },
  { value: "dark", word: "Dark", icon: Moon },
  { value: "system", word: "As the system", icon: Monitor },
] as const;

const item = "flex w-full items-center gap-2 rounded px-2 py-1.5 text-sm outline-none data-highlighted:bg-hover";

/** Theme, keys, and the way out. */
export function UserMenu({
  viewer,
  onKeys,
}: {
  viewer: { user: string; version: string } | undefined;
  onKeys: () => void;
}) {
  const { theme } = useSettings();
  const client = useQueryClient();
  const navigate = useNavigate();
  const leave = useMutation({
    mutationFn: logout,
    onSettled: async () => {
      await navigate({ to: "/login" });
      client.clear();
    },
  });
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger
        aria-label="Theme, keys and log out"
        title="Theme, keys and log out"
        className="grid size-9 shrink-0 place-items-center rounded-lg border border-edge/60 text-muted hover:bg-hover hover:text-ink"
      >
        <SunMoon className="size-4" aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={6}
          className="z-50 min-w-52 rounded-lg border border-line bg-surface p-1.5 shadow-xl"
        >
          <DropdownMenu.Label className="px-2 py-1 text-xs text-muted">Theme</DropdownMenu.Label>
          <DropdownMenu.RadioGroup value={theme}>
            {themes.map(({ value, word, icon: Icon }) => (
              <DropdownMenu.RadioItem key={value} value={value} className={item} onSelect={() => set({ theme: value })}>
                <Icon className="size-4" aria-hidden />
                <span className="grow">{word}</span>
                <DropdownMenu.ItemIndicator>
                  <Check className="size-4" aria-hidden />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Item className={item} onSelect={onKeys}>
            <Keyboard className="size-4" aria-hidden />
            Keyboard
          </DropdownMenu.Item>
          <DropdownMenu.Item className={item} onSelect={() => leave.mutate()}>
            <LogOut className="size-4" aria-hidden />
            Log out{viewer ? ` ${viewer.user}` : ""}
          </DropdownMenu.Item>
          {viewer && <p className="px-2 pt-1 text-xs text-muted">Foretop {viewer.version}</p>}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
