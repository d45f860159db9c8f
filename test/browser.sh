#!/usr/bin/env bash
# Installs Debian's Chromium for the browser tests, or says how.
set -euo pipefail
if command -v chromium >/dev/null; then exit 0; fi
if ! command -v apt-get >/dev/null; then
  echo "The browser tests need Chromium as 'chromium' on the PATH; install it with your system's package manager." >&2
  exit 1
fi
if [ "$(id -u)" != 0 ]; then
  echo "The browser tests need Chromium. Run: sudo apt-get install -y --no-install-recommends chromium" >&2
  exit 1
fi
echo "installing Chromium for the browser tests"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
