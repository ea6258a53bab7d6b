#!/bin/sh
# Builds the image from Maven's output; `./mvnw -Pimage package` calls it.
#
#   packaging/image/build.sh IMAGE:TAG VERSION [BASE_IMAGE]
set -eu

image=${1:?usage: build.sh IMAGE:TAG VERSION [BASE_IMAGE]}
version=${2:?usage: build.sh IMAGE:TAG VERSION [BASE_IMAGE]}
base=${3-}
root=$(dirname -- "$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")")
engine=${LARDER_CONTAINER_ENGINE:-docker}

if ! command -v "$engine" >/dev/null; then
  echo "image: there is no '$engine' command here: install a container engine, or name another in LARDER_CONTAINER_ENGINE (podman)" >&2
  exit 1
fi
if ! why=$("$engine" version 2>&1 >/dev/null); then
  echo "image: $engine has no engine to talk to: $why" >&2
  echo "image: start it (as root: dockerd, or systemctl start docker) and try again" >&2
  exit 1
fi

revision=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)
set -- --tag "$image" --build-arg "VERSION=$version" --build-arg "REVISION=$revision"
if [ -n "$base" ]; then
  set -- "$@" --build-arg "BASE_IMAGE=$base"
fi
if ! "$engine" build "$@" --file "$root/Dockerfile" "$root"; then
  echo "image: the build failed. If the base image could not be pulled: packaging/image/local-base.sh makes one from this machine's JDK, then ./mvnw -Pimage package -Dimage.base=larder-base" >&2
  exit 1
fi
