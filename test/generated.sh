#!/usr/bin/env bash
# Fails when generated code in the checkout is not what `make generate` writes.
set -euo pipefail
cd "$(dirname "$0")/.."
before=$(git status --porcelain -- schemas/ingestpb ui/src; git diff -- schemas/ingestpb ui/src | sha256sum)
make --no-print-directory generate
after=$(git status --porcelain -- schemas/ingestpb ui/src; git diff -- schemas/ingestpb ui/src | sha256sum)
if [ "$before" != "$after" ]; then
  echo "Generated code is not current: run make generate and commit what it writes." >&2
  git --no-pager diff --stat -- schemas/ingestpb ui/src >&2
  exit 1
fi
