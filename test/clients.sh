#!/usr/bin/env bash
# Puts the clients that the tests compare into the user's cache: Debian's kubectl 1.20, and k9s. Needs no root.
set -euo pipefail
cd "$(dirname "$0")"
arch=$(go env GOARCH)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/foretop/clients
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9

kubectl=$cache/kubectl-1.20-$arch
if [ ! -x "$kubectl" ]; then
  case $arch in
  amd64) sum=087c42dc26c847740043cdaa8b16db666be5591a1da957f822922aa1b677494e ;;
  arm64) sum=a80869df8ac3c5a5b17056a049a6b9b4ad9b521ff331d99d6362ee6a6fef6d02 ;;
  *) echo "there is no kubectl 1.20 for $arch" >&2; exit 1 ;;
  esac
  echo "fetching Debian's kubectl 1.20"
  dir=$(mktemp -d "$cache/fetching.XXXX")
  trap 'rm -rf "$dir"' EXIT
  # By apt, from the mirror that the machine is set up with: the package's digest is what is trusted.
  command -v apt-get >/dev/null || { echo "kubectl 1.20 is of Debian's package kubernetes-client, and there is no apt-get: put the program at $kubectl" >&2; exit 1; }
  download() { (cd "$dir" && apt-get -o APT::Sandbox::User=root download -qq kubernetes-client); }
  download 2>/dev/null || { [ "$(id -u)" = 0 ] && apt-get update -qq && download; } || { echo "the package kubernetes-client was not found: run sudo apt-get update, or put kubectl 1.20 at $kubectl" >&2; exit 1; }
  mv "$dir"/kubernetes-client_*.deb "$dir/package.deb"
  echo "$sum  $dir/package.deb" | sha256sum --check --quiet
  if command -v dpkg-deb >/dev/null; then dpkg-deb --fsys-tarfile "$dir/package.deb"; else ar p "$dir/package.deb" data.tar.xz | xz -d; fi |
    tar x -C "$dir" ./usr/bin/kubectl
  mv "$dir/usr/bin/kubectl" "$kubectl"
fi

version=$(sed -n 's/^\tgithub.com\/derailed\/k9s //p' fleet/k9s/go.mod)
k9s=$cache/k9s-$version-$arch
if [ ! -x "$k9s" ]; then
  echo "building k9s $version (about 10 min on two cores the first time)"
  (cd fleet/k9s && CGO_ENABLED=0 GOFLAGS= GOWORK=off go build -trimpath -buildvcs=false -ldflags "-s -w -X github.com/derailed/k9s/cmd.version=$version" -o "$k9s.building" .)
  mv "$k9s.building" "$k9s"
fi
